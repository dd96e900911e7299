"""Guessing which columns of a table are customer, amount, order and date, and saying why."""
