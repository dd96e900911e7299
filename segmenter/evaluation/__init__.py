"""Evaluation: how good the segments are, and what they did later."""
