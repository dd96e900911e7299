"""Training: from a source to a model, without writing anything."""
