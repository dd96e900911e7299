-- The transactions of the customers in changed buckets: all of them, old and new.
-- Source: segments_internal.transactions and $changed_buckets.
select
    customer_id,
    order_id,
    amount,
    ordered_at,
    $attributes
from segments_internal.transactions
where
    hash(customer_id) % $buckets in ( -- noqa: RF02
        select changed.bucket from $changed_buckets as changed -- noqa: AL05
    )
