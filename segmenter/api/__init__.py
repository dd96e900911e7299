"""Segmenter from Python: a database with its verbs, an estimator, what a notebook shows."""
