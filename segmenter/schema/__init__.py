"""The database schema: its names, its SQL files as statements, questions to the catalogue."""
