-- What a fit looks at to say whether its segments mean what their names say.
-- Grain:  one row for each segment that somebody is in.
-- Source: the snapshot that the fit has just made.
select
    segment,
    segment_rank,
    count(*) as customers,
    count(case when frequency > 0 then 1 end) as buyers,
    count(case when frequency = 1 then 1 end) as with_one_order,
    count(lifecycle) as with_lifecycle,
    count(case when lifecycle = 'new' then 1 end) as newcomers,
    count(case when lifecycle in ('new', 'active') then 1 end) as still_there,
    min(first_order_at) as first_order_at,
    max(last_order_at) as last_order_at
from segments.customer_segments_snapshot
group by
    segment,
    segment_rank
order by segment_rank
