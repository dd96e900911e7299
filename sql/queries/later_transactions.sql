-- The transactions after a moment.
-- Grain:  one row for each transaction after $known_until, up to and with $until.
-- Source: $transactions.
select
    customer_id,
    order_id,
    amount,
    ordered_at
from $transactions
where
    ordered_at > $known_until
    and ordered_at <= $until
