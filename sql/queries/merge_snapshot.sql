-- The snapshot brought up to date where the rows are: customers who are new or changed are written,
-- the others are left alone.
-- Grain:  one row for each customer.
-- Source: $next, the snapshot that is about to be. Who left is deleted before.
merge into segments_internal.customer_segments_snapshot as known
using $next as upcoming
    on known.customer_id = upcoming.customer_id
when matched and (
    known.monetary is distinct from upcoming.monetary
    or known.frequency is distinct from upcoming.frequency
    or known.first_order_at is distinct from upcoming.first_order_at
    or known.last_order_at is distinct from upcoming.last_order_at
    or known.is_whale is distinct from upcoming.is_whale
    or known.is_above_monetary is distinct from upcoming.is_above_monetary
    or known.is_above_frequency is distinct from upcoming.is_above_frequency
    or known.segment is distinct from upcoming.segment
    or known.segment_rank is distinct from upcoming.segment_rank
    or known.lifecycle is distinct from upcoming.lifecycle
) then
    update
        set
            monetary = upcoming.monetary,
            frequency = upcoming.frequency,
            first_order_at = upcoming.first_order_at,
            last_order_at = upcoming.last_order_at,
            is_whale = upcoming.is_whale,
            is_above_monetary = upcoming.is_above_monetary,
            is_above_frequency = upcoming.is_above_frequency,
            segment = upcoming.segment,
            segment_rank = upcoming.segment_rank,
            lifecycle = upcoming.lifecycle,
            model_id = upcoming.model_id,
            valid_from = upcoming.valid_from,
            changed_by = upcoming.changed_by
when not matched then insert (
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
    lifecycle,
    model_id,
    valid_from,
    changed_by
) values (
    upcoming.customer_id,
    upcoming.monetary,
    upcoming.frequency,
    upcoming.first_order_at,
    upcoming.last_order_at,
    upcoming.is_whale,
    upcoming.is_above_monetary,
    upcoming.is_above_frequency,
    upcoming.segment,
    upcoming.segment_rank,
    upcoming.lifecycle,
    upcoming.model_id,
    upcoming.valid_from,
    upcoming.changed_by
)
