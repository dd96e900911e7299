-- segments.customer_profile, where the customers came from a data frame of a Python session
-- Grain:  one row for each customer.
-- Source: segments_internal.customer_segments_snapshot, as it was at the fit. NOT live: the frame
--         ended with
--         its session.
-- Units:  monetary in whole cents of the table's currency; frequency in orders.
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    $attributes
from segments_internal.customer_segments_snapshot
