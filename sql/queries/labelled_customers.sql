-- The customers of raw transactions with their segments, as `segmenter label` writes them.
-- Grain:  one row for each customer, in the order of customer_id.
-- Source: segments.customer_segments, over transactions that only this session knows.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value. Days
--         are up to the newest order of the file.
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
    lifecycle_rank
from $customer_segments
order by customer_id
