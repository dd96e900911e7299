-- How many customers a split treats and holds out, and what they have spent so far.
-- Grain:  one row for each segment, lifecycle and side of the split.
-- Source: $customers, with their segments.
-- Units:  money in whole cents, refunds included; sums of squares for variances.
select
    segment,
    segment_rank,
    lifecycle,
    $holds_out as is_held_out,
    count(*) as customers,
    sum(cast(round(monetary * 100) as hugeint)) as spent,
    sum(cast(round(monetary * 100) as hugeint) * cast(round(monetary * 100) as hugeint))
        as spent_squared
from $customers
group by
    segment,
    segment_rank,
    lifecycle,
    $holds_out
