-- segments.customer_segments_snapshot
-- Grain:  one row for each customer; the columns of segments.customer_segments.
-- Source: segments_internal.customer_segments_snapshot, as of the last refresh, for dashboards that
--         cannot wait; the days are counted up to the newest order that it knew.
-- Units:  as segments.customer_segments.
select
    kept.customer_id,
    kept.monetary,
    kept.frequency,
    kept.first_order_at,
    kept.last_order_at,
    kept.is_whale,
    kept.is_above_monetary,
    kept.is_above_frequency,
    kept.segment,
    kept.segment_rank,
    date_diff('day', cast(kept.last_order_at as date), cast(snapshots.newest_order_at as date))
        as days_since_last_order,
    kept.lifecycle,
    case kept.lifecycle
        when 'new' then 1
        when 'active' then 2
        when 'lapsing' then 3
        when 'lapsed' then 4
    end as lifecycle_rank
from segments_internal.customer_segments_snapshot as kept
cross join segments_internal.snapshots
