-- Segments by lifecycle, with the revenue at stake.
-- Grain:  one row for each segment and lifecycle that somebody is in.
-- Source: $profiles (see report_profiles).
-- Units:  revenue is what these customers have brought so far, in the table's currency.
select
    segment,
    segment_rank,
    lifecycle,
    cast(sum(customers) as bigint) as customers,
    sum(cast(cents as hugeint) * customers) / 100.0 as revenue
from $profiles
where lifecycle is not null
group by
    segment,
    segment_rank,
    lifecycle
order by
    segment_rank,
    lifecycle
