"""The classifier: nearest neighbours, their breakpoints, and the rules as SQL."""
