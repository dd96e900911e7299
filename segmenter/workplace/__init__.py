"""Where verbs work: files that are opened, waited for, read while others read, and written."""
