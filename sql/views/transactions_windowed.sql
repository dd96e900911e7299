-- segments_internal.transactions, where a time window was asked for
-- Grain:  one row for each row of the user's table that passes the row filter and lies in the
--         window: after $as_of - $window, up to and with $as_of. Without $as_of the window ends at
--         the newest transaction that is not in the future and moves with it.
-- Source: the user's own table, view or files ($source), read live and never copied.
-- Units:  amount in the table's currency, refunds negative; ordered_at without time zone.
-- Columns that the user's table does not have are NULL. The attributes that a fit names follow.
with

filtered as (
    select
        $customer as customer_id,
        $order as order_id,
        cast($amount as double) as amount,
        cast($date as timestamp) as ordered_at,
        $source_attributes
    from $source as user_table
    where $row_filter
),

newest as (
    select max(filtered.ordered_at) as ordered_at
    from filtered
    where filtered.ordered_at <= make_timestamp(epoch_us(current_timestamp)) + interval 1 day
),

window_end as (
    select coalesce($as_of, newest.ordered_at) as ends_at
    from newest
),

final as (
    select filtered.*
    from filtered
    -- no join, which an engine may choose to compute anew for each row
    where
        filtered.ordered_at <= (select window_end.ends_at from window_end)
        and filtered.ordered_at > coalesce(
            (select window_end.ends_at from window_end) - $window, timestamp '0001-01-01'
        )
)

select
    customer_id,
    order_id,
    amount,
    ordered_at,
    $attributes
from final
