"""Sources: the user's table, files and expressions, and the protocol that an engine fulfils."""
