-- What a fit looks at before it adds anything up.
-- Grain:  one row.
-- Source: segments_internal.transactions, one scan.
-- Units:  revenue in the table's currency, of rows whose amount can be summed exactly;
--         absolute_revenue takes refunds for positive; rounded_off is what rounding to
--         ten-thousandths changes, counted in whole trillionths so that no order of rows matters.
with

transactions as (
    select
        *,
        amount between -$max_amount and $max_amount as is_usable,
        case
            when ordered_at > make_timestamp(epoch_us(current_timestamp)) + interval 1 day
                then ordered_at
        end as future_at,
        case
            when
                ordered_at < cast('1900-01-02' as timestamp)
                or (
                    ordered_at >= cast('1970-01-01' as timestamp)
                    and ordered_at < cast('1970-01-02' as timestamp)
                )
                then ordered_at
        end as placeholder_at
    from segments_internal.transactions
),

measured as (
    select
        *,
        case when is_usable then cast(floor(amount * 10000 + 0.5) as bigint) end as ten_thousandths
    from transactions
),

compared as (
    select
        *,
        cast(floor(abs(amount - ten_thousandths / 10000.0) * 1000000000000) as bigint)
            as trillionths_off
    from measured
)

select
    count(*) as source_rows,
    count(*) - count(customer_id) as rows_without_customer,
    count(*) - count(amount) as rows_without_amount,
    count(case when not is_usable then 1 end) as rows_not_usable,
    count(case when order_id is null and customer_id is not null and amount > 0 then 1 end)
        as positive_rows_without_order,
    count(case when customer_id is not null and amount > 0 and $order_is_empty then 1 end)
        as rows_with_empty_order,
    count(*) - count(ordered_at) as rows_without_date,
    min(ordered_at) as first_at,
    max(case when future_at is null then ordered_at end) as last_at,
    count(future_at) as rows_in_future,
    max(future_at) as newest_in_future,
    count(placeholder_at) as rows_with_placeholder,
    min(placeholder_at) as oldest_placeholder,
    count(case when is_usable and amount <> 0 then 1 end) as rows_with_money,
    count(case when amount <> 0 and ten_thousandths = 0 then 1 end) as rows_rounded_to_zero,
    cast(coalesce(sum(ten_thousandths), 0) / 10000.0 as double) as revenue,
    cast(coalesce(sum(abs(ten_thousandths)), 0) / 10000.0 as double) as absolute_revenue,
    cast(coalesce(sum(trillionths_off), 0) / 1000000000000.0 as double) as rounded_off,
    cast(
        coalesce(sum(case when customer_id is null then ten_thousandths end), 0) / 10000.0 as double
    ) as revenue_without_customer
from compared
