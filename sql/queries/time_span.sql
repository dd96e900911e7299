-- What the transactions say of time.
-- Grain:  one row.
-- Source: $transactions.
select
    min(ordered_at) as first_at,
    max(ordered_at) as last_at
from $transactions
