"""Bases that a person can follow, and names that break careless pages."""

from __future__ import annotations

from segmenter import Source

__all__ = ["NASTY", "READ", "TWELVE"]

TWELVE = """
    create table sales as
    select customer_id, order_id, amount, sold_at
    from (values
        ('anna', 1, 10.0::double, timestamp '2024-01-05'), ('ben', 2, 12.0, timestamp '2024-01-09'),
        ('carl', 3, 11.0, timestamp '2024-02-01'), ('dora', 4, 14.0, timestamp '2024-02-14'),
        ('emil', 5, 9.0, timestamp '2024-03-01'), ('fay', 6, 13.0, timestamp '2024-03-20'),
        ('gus', 7, 60.0, timestamp '2024-01-10'), ('gus', 8, 50.0, timestamp '2024-03-10'),
        ('hana', 9, 70.0, timestamp '2024-02-10'), ('hana', 10, 65.0, timestamp '2024-04-10'),
        ('ivo', 11, 40.0, timestamp '2024-03-15'), ('ivo', 12, 90.0, timestamp '2024-05-15'),
        ('jo', 13, 500.0, timestamp '2024-01-20'), ('jo', 14, 400.0, timestamp '2024-05-20'),
        ('kim', 15, 450.0, timestamp '2024-02-20'), ('kim', 16, 480.0, timestamp '2024-05-25'),
        ('lea', 17, -5.0, timestamp '2024-05-01'), (null, 18, 30.0, timestamp '2024-05-02')
    ) as t (customer_id, order_id, amount, sold_at)
"""

NASTY = ("<script>alert(1)</script>", "\"'&lt;", "Прочие 客户 with a name that does not end soon")

READ = Source(
    transactions="sales",
    customer="customer_id",
    amount="amount",
    order="order_id",
    date="sold_at",
)
