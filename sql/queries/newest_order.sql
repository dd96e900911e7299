-- The time of the newest order that is not in the future, without adding customers up.
-- Grain:  one row.
-- Source: segments_internal.transactions; the orders of known customers, as
--         segments.customer_profile has
--         them.
select max(ordered_at) as newest_order_at
from segments_internal.transactions
where
    customer_id is not null
    and amount > 0
    and amount <= $max_amount
    and ordered_at <= make_timestamp(epoch_us(current_timestamp)) + interval 1 day
