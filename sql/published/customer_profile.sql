-- segments.customer_profile, in a published copy
-- Grain:  one row for each customer.
-- Source: segments.customer_segments, which has the same columns and more.
create view segments.customer_profile as
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    $attributes
from segments.customer_segments
