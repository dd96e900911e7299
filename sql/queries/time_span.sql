-- What the transactions say of time, as far as they are not in the future.
-- Grain:  one row.
-- Source: $transactions.
select
    min(ordered_at) as first_at,
    max(ordered_at) as last_at
from $transactions
where ordered_at <= make_timestamp(epoch_us(current_timestamp)) + interval 1 day
