"""The places that a publication goes to: a file, a folder, a DuckLake, PostgreSQL."""
