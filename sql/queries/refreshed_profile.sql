-- The profile of each customer: those whose transactions changed as they are now, the others as the
-- snapshot has them.
-- Grain:  one row for each customer.
-- Source: segments_internal.customer_segments_snapshot without the customers of $changed_buckets,
--         and
--         $changed_profile.
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    $attributes
from segments_internal.customer_segments_snapshot
where
    hash(customer_id) % $buckets not in ( -- noqa: RF02
        select changed.bucket from $changed_buckets as changed -- noqa: AL05
    )
union all
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    $attributes
from $changed_profile
