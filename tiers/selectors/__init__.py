"""Every read that a page needs. One module a group of pages; the number of queries never depends on the rows."""
