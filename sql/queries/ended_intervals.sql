-- The intervals of the history that end with a publication: of customers who changed or left.
-- Grain:  one row for each such customer.
-- Source: the snapshot before, and $next, the one that follows.
-- Somebody left with the time window where their last order lies before it; it ends with the newest
-- order, or where the source says. Where there is a window, so did who had refunds only.
select
    previous.customer_id,
    previous.segment,
    previous.lifecycle,
    previous.is_whale,
    previous.model_id,
    previous.valid_from,
    cast($published_at as timestamp) as valid_to, -- noqa: RF02
    previous.changed_by,
    case
        when upcoming.customer_id is not null then null
        when not $is_same_source then 'refit' -- noqa: RF02
        when previous.last_order_at <= coalesce($as_of, $newest_order) - $window -- noqa: RF02
            then 'window'
        when $window is not null and previous.last_order_at is null then 'window' -- noqa: RF02
        else 'correction'
    end as left_by
from segments_internal.customer_segments_snapshot as previous
left join $next as upcoming
    on upcoming.customer_id = $previous_customer -- noqa: RF02
where
    upcoming.customer_id is null
    or upcoming.valid_from = cast($published_at as timestamp) -- noqa: RF02
