"""What people type, as forms. One module a group of pages; rules that actions keep are not repeated here."""
