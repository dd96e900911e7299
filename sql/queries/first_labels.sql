-- The snapshot where there is none yet: everybody is published, for the first time or again.
-- Grain:  one row for each customer.
-- Source: segments.customer_segments over the profiles that were just added up.
with

customer_segments as (
    select * from segments.customer_segments
)

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
    $attributes,
    cast($model_id as integer) as model_id,
    cast($published_at as timestamp) as valid_from,
    cast($changed_by as varchar) as changed_by
from customer_segments
