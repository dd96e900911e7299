-- segments.customer_segments_snapshot, in a published copy
-- Grain:  one row for each customer.
-- Source: segments.customer_segments: here both are as of the publication.
create view segments.customer_segments_snapshot as
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
    lifecycle
from segments.customer_segments
