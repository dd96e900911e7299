"""The database schema: its names, the files of ``sql/`` as statements, questions to the catalogue."""
