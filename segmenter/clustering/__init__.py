"""Clustering: Ward linkage, consolidation, recursion and naming; arrays in, arrays out."""
