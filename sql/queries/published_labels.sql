-- The next snapshot: customers as they are now, each with the time since when they have been
-- published with this segment, lifecycle and is_whale, by which version, and why.
-- Grain:  one row for each customer.
-- Source: segments.customer_segments over the profiles that were just added up, and the snapshot
--         before.
-- Few customers change, so why those whom the snapshot knew did is found out afterwards, for them
-- alone: see queries/reasons_of_change.
with

customer_segments as (
    select * from segments.customer_segments
),

previous as (
    select
        customer_id,
        segment,
        lifecycle,
        is_whale,
        model_id,
        valid_from,
        changed_by
    from segments_internal.customer_segments_snapshot
),

compared as (
    select
        customer_segments.*,
        previous.customer_id is not null as is_known,
        coalesce(
            previous.customer_id is not null
            and customer_segments.segment is not distinct from previous.segment
            and customer_segments.lifecycle is not distinct from previous.lifecycle
            and customer_segments.is_whale is not distinct from previous.is_whale,
            false
        ) as is_unchanged,
        previous.model_id as previous_model_id,
        previous.valid_from as previous_valid_from,
        previous.changed_by as previous_changed_by
    from customer_segments
    left join previous
        on customer_segments.customer_id = $previous_customer -- noqa: RF02
)

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
    $attributes,
    case when is_unchanged then previous_model_id else cast($model_id as integer) end as model_id,
    case when is_unchanged then previous_valid_from else cast($published_at as timestamp) end
        as valid_from,
    case
        when is_unchanged then previous_changed_by
        when is_known or not $is_same_source then 'refit'
        when frequency > 0 then 'own spend'
        else 'refund'
    end as changed_by
from compared
