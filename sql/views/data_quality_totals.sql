-- segments_internal.data_quality_totals
-- Grain:  one row.
-- Source: segments_internal.transactions and segments.customer_profile, live; for duplicates and
--         currencies the user's own rows ($source) that meet the condition and lie in the window;
--         for lost rows and dates in the future also those out of the window, or with a condition
--         of NULL.
-- What segments_internal.data_quality_counts tells check by check. The sum of all amounts is that
-- of rows whose amount can be summed exactly. A date counts as in the future when it is later than
-- this time tomorrow, UTC, so that no time zone is ahead of it.
-- Units:  counts of rows or customers; sums of amounts in ten-thousandths of the table's currency,
--         of profiles in cents.
with

transactions as (
    select
        *,
        amount between -$max_amount and $max_amount as is_usable
    from segments_internal.transactions
),

measured as (
    select
        *,
        case when is_usable then cast(floor(amount * 10000 + 0.5) as bigint) end as ten_thousandths,
        order_id is null and customer_id is not null and amount > 0 as lacks_order,
        customer_id is not null and amount > 0 and $order_is_empty as has_empty_order
    from transactions
),

rounded as (
    select
        *,
        cast(floor(abs(amount - ten_thousandths / 10000.0) * 1000000000000) as bigint)
            as trillionths_off
    from measured
),

counted as materialized (
    select
        count(*) as source_rows,
        sum(ten_thousandths) as revenue,
        count(case when customer_id is null then 1 end) as anonymous,
        sum(case when customer_id is null then ten_thousandths end) as anonymous_revenue,
        min(case when customer_id is null then order_id end) as anonymous_order,
        min(case when customer_id is null then ordered_at end) as anonymous_time,
        count(case when amount < 0 then 1 end) as refunds,
        sum(case when amount < 0 then ten_thousandths end) as refunds_revenue,
        min(case when amount < 0 then order_id end) as refunds_order,
        min(case when amount < 0 then customer_id end) as refunds_customer,
        count(case when amount = 0 then 1 end) as zeros,
        min(case when amount = 0 then order_id end) as zeros_order,
        min(case when amount = 0 then customer_id end) as zeros_customer,
        count(*) - count(amount) as lacking,
        min(case when amount is null then order_id end) as missing_order,
        min(case when amount is null then customer_id end) as missing_customer,
        count(case when not is_usable then 1 end) as unusable,
        min(case when not is_usable then amount end) as unusable_amount,
        min(case when not is_usable then order_id end) as unusable_order,
        min(case when not is_usable then customer_id end) as unusable_customer,
        count(case when lacks_order then 1 end) as orderless,
        sum(case when lacks_order then ten_thousandths end) as orderless_revenue,
        min(case when lacks_order then customer_id end) as orderless_customer,
        count(case when has_empty_order then 1 end) as empty_orders,
        sum(case when has_empty_order then ten_thousandths end) as empty_orders_revenue,
        min(case when has_empty_order then customer_id end) as empty_orders_customer,
        count(*) - count(ordered_at) as undated,
        sum(case when ordered_at is null then ten_thousandths end) as undated_revenue,
        min(case when ordered_at is null then order_id end) as undated_order,
        min(case when ordered_at is null then customer_id end) as undated_customer,
        min(ordered_at) as first_time,
        max(ordered_at) as last_time,
        sum(trillionths_off) as all_off,
        sum(abs(ten_thousandths)) as absolute_revenue,
        count(case when trillionths_off > 0 then 1 end) as inexact,
        min(case when trillionths_off > 0 then abs(amount) end) as inexact_amount
    from rounded
),

profiled as (
    select
        count(case when frequency > 0 then 1 end) as buyers,
        count(*) as customers,
        count(case when frequency = 0 then 1 end) as refunded,
        sum(case when frequency = 0 then cast(round(monetary * 100) as bigint) end)
            as refunded_cents,
        min(case when frequency = 0 then customer_id end) as refunded_customer,
        count(case when frequency = 1 then 1 end) as once,
        sum(case when frequency = 1 then cast(round(monetary * 100) as bigint) end) as once_cents,
        min(case when frequency = 1 then customer_id end) as once_customer,
        sum(case when frequency > 0 then cast(round(monetary * 100) as bigint) end)
            as buyers_cents
    from segments.customer_profile
),

unwindowed as (
    select
        $lost_value as lost_value, -- noqa: AL09
        $condition is null and not $loses_condition as is_unknown,
        cast($amount as double) as amount,
        case
            when
                cast($date as timestamp)
                > make_timestamp(epoch_us(current_timestamp)) + interval 1 day
                then cast($date as timestamp)
        end as future_at
    from $source as user_table
    where coalesce($row_filter, true) or $loses_condition
),

lost as (
    select
        count(*) as unwindowed_rows,
        count(lost_value) as lost_rows,
        min(lost_value) as lost_value,
        count(case when is_unknown then 1 end) as unknown_rows,
        count(future_at) as ahead,
        max(future_at) as future_time,
        sum(
            case
                when future_at is not null and amount between -$max_amount and $max_amount
                    then cast(floor(amount * 10000 + 0.5) as bigint)
            end
        ) as future_revenue
    from unwindowed
),

user_rows as (
    select
        user_table.*,
        $customer as segmenter_customer,
        $order as segmenter_order,
        nullif(upper(trim(cast($currency as varchar))), '') as segmenter_currency,
        cast($date as timestamp) as segmenter_time,
        cast($amount as double) as segmenter_amount
    from $whole_source as user_table
    where $row_filter
),

distinct_rows as (
    select
        user_rows.*,
        count(*) as segmenter_copies
    from user_rows
    cross join counted
    where
        -- the window holds all that lies between its first and its last row
        ($as_of is null and $window is null)
        or user_rows.segmenter_time between counted.first_time and counted.last_time
    group by all -- noqa: AM01
),

by_currency as materialized (
    select
        segmenter_currency as currency,
        sum(case when segmenter_amount is not null then segmenter_copies end) as source_rows,
        sum(segmenter_copies - 1) as copies,
        sum(
            case
                when segmenter_amount between -$max_amount and $max_amount
                    then
                        cast(floor(segmenter_amount * 10000 + 0.5) as bigint)
                        * (segmenter_copies - 1)
            end
        ) as copies_revenue,
        sum(
            case
                when segmenter_amount between -$max_amount and $max_amount
                    then cast(floor(segmenter_amount * 10000 + 0.5) as bigint) * segmenter_copies
            end
        ) as revenue,
        min(case when segmenter_copies > 1 then segmenter_order end) as copies_order,
        min(case when segmenter_copies > 1 then segmenter_customer end) as copies_customer
    from distinct_rows
    group by segmenter_currency
),

currencies as (
    select
        *,
        row_number() over (order by source_rows desc, currency asc nulls last) as place
    from by_currency
    where source_rows > 0
),

compared as (
    select
        coalesce(sum(case when place > 1 then source_rows end), 0) as deviating,
        sum(case when place > 1 then revenue end) as deviating_revenue,
        string_agg(
            coalesce(currency, 'none') || ' ' || format('{:,}', cast(source_rows as bigint)),
            ', ' order by place
        ) filter (where place <= 5) as listed
    from currencies
),

repeated as (
    select
        coalesce(sum(copies), 0) as copies,
        sum(copies_revenue) as copies_revenue,
        min(copies_order) as copies_order,
        min(copies_customer) as copies_customer
    from by_currency
)

select
    counted.*,
    profiled.*,
    lost.*,
    compared.*,
    repeated.*
from counted
cross join profiled
cross join lost
cross join compared
cross join repeated
