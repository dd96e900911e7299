-- What was known of one customer at a moment; a row without a date counts as known.
-- Grain:  one row for each transaction of $customer_id up to and with $known_until.
-- Source: $transactions.
select
    customer_id,
    order_id,
    amount,
    ordered_at
from $transactions
where
    customer_id = $customer_id
    and (ordered_at <= $known_until or ordered_at is null)
