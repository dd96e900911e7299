"""Storage: models as tables, and what is published over them."""
