-- The profiles of the customers whose labels a publication changes.
-- Grain:  one row for each such customer.
-- Source: $next, the snapshot that is about to be.
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at
from $next as upcoming -- noqa: AL05
where valid_from = cast($published_at as timestamp)
