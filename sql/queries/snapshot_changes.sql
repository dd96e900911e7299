-- What a refresh has to do to the snapshot.
-- Grain:  one row for each row of the snapshot that is not right any more (is_stale: of a customer
--         who changed or is gone), and one for each row that it lacks (of one who changed or is
--         new).
-- Source: segments.customer_segments_snapshot, and $customer_segments as the customers of
--         $changed_buckets are now.
with

known as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        segment,
        segment_rank
    from segments.customer_segments_snapshot
    where
        hash(customer_id) % $buckets in ( -- noqa: RF02
            select changed.bucket from $changed_buckets as changed -- noqa: AL05
        )
),

present as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        segment,
        segment_rank
    from $customer_segments
),

stale as (
    select * from known
    except
    select * from present
),

lacking as (
    select * from present
    except
    select * from known
)

select
    true as is_stale,
    stale.* -- noqa: AM04
from stale
union all
select
    false as is_stale,
    lacking.* -- noqa: AM04
from lacking
