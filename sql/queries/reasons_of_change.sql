-- Why the labels of customers changed whom the snapshot before knew, as their two profiles tell.
-- Grain:  one row for each such customer.
-- Source: $next, the snapshot that is about to be, and the one before.
-- What another version of the model changed is said after this, see queries/labels_of_version.
with

compared as (
    select
        upcoming.customer_id,
        upcoming.segment_rank > previous.segment_rank as is_lower,
        upcoming.frequency < previous.frequency as has_fewer_orders,
        upcoming.monetary < previous.monetary as has_less_money,
        upcoming.monetary > previous.monetary as has_more_money,
        upcoming.frequency > previous.frequency
        or coalesce(upcoming.last_order_at > previous.last_order_at, false) as has_ordered,
        $has_window -- noqa: RF02
        and previous.first_order_at is not null
        and coalesce(upcoming.first_order_at > previous.first_order_at, true) as has_left_window,
        (
            upcoming.first_order_at is distinct from previous.first_order_at
            or upcoming.last_order_at is distinct from previous.last_order_at
        ) as has_other_dates
    from $next as upcoming
    inner join segments_internal.customer_segments_snapshot as previous
        on upcoming.customer_id = $previous_customer -- noqa: RF02
    where upcoming.valid_from = cast($published_at as timestamp) -- noqa: RF02
)

select
    customer_id,
    case
        when is_lower and has_left_window and (has_fewer_orders or has_less_money) then 'window'
        when is_lower and has_fewer_orders then 'correction'
        when is_lower and has_less_money then 'refund'
        when has_ordered then 'own spend'
        when has_left_window then 'window'
        when has_fewer_orders then 'correction'
        when has_less_money then 'refund'
        when has_more_money and $has_window then 'correction'
        when has_more_money then 'own spend'
        when has_other_dates then 'correction'
        else 'time'
    end as changed_by
from compared
