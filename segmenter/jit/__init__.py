"""Kernels: how numba compiles them, where they are kept, and when they are worth it."""
