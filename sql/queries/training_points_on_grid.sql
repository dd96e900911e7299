-- The training profile where it has more points than fit: monetary moved to the middle of its cell
-- on a grid, in (cents, frequency) order.
-- Grain:  one row for each distinct (cell, frequency).
-- Source: segments_internal.profile_points.
-- $step is the width of a cell in whole cents, a CASE of size that doubles where size does, so that
-- the grid is relative: fine for small amounts and coarse for large ones. Cells lie the same way
-- on both sides of zero.
with

measured as (
    select
        cast(round(monetary * 100) as bigint) as exact_cents,
        abs(cast(round(monetary * 100) as bigint)) as size,
        cast(frequency as bigint) as frequency,
        customers
    from segments_internal.profile_points
),

gridded as (
    select
        frequency,
        customers,
        case when exact_cents < 0 then -1 else 1 end * (size - size % $step + $step // 2) as cents
    from measured
)

select
    cents,
    frequency,
    cast(sum(customers) as bigint) as customers
from gridded
group by
    cents,
    frequency
order by
    cents,
    frequency
