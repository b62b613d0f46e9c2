"""The servers that a clone runs for itself; `config/services.py` is the way in."""
