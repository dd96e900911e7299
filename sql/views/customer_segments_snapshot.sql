-- segments.customer_segments_snapshot
-- Grain:  one row for each customer; the columns of segments.customer_segments.
-- Source: segments_internal.customer_segments_snapshot, as of the last fit or refresh, for
--         dashboards that cannot wait.
-- Units:  as segments.customer_segments.
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    is_above_monetary,
    is_above_frequency,
    segment,
    segment_rank,
    days_since_last_order,
    lifecycle,
    case lifecycle
        when 'new' then 1
        when 'active' then 2
        when 'lapsing' then 3
        when 'lapsed' then 4
    end as lifecycle_rank,
    $attributes
from segments_internal.customer_segments_snapshot
