"""Requests that were filed as GitHub issues, brought in. `bodies` and `payloads` read what GitHub gives, `matching`
says which of it is which field of ours; `tokens/actions/issue_import.py` writes.
"""
