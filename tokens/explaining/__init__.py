"""A decision in words and pictures for a person: what the page `/explain/` shows. Pure but for gettext."""
