"""The SQL objects as files, one object a file."""
