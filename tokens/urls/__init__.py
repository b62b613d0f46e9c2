"""The addresses of this storey's pages, one module a group; `config/urls.py` includes each once."""
