-- segments.customer_profile
-- Grain:  one row for each customer; rows without a customer are left out.
-- Source: segments_internal.transactions, live.
-- Units:  monetary is the sum of a customer's amounts, refunds included, in whole cents of the
--         table's currency; frequency is the number of distinct orders with a positive amount.
-- Each amount becomes a whole number of ten-thousandths before it is summed, so that the sum does
-- not depend on the order of rows; the sum is rounded half up to the cent. Amounts that are NULL,
-- NaN, infinite or too large to be exact are left out here, and a date later than this time
-- tomorrow, UTC, is not believed: the row counts as one without a date. Orders are added up first,
-- and then customers: that is faster than count(distinct).
-- An attribute that the fit names is the latest that is known of the customer: that of the newest
-- row where it is not NULL, of rows of the same moment the one with the highest order, then the
-- highest value.
with

transactions as (
    select * from segments_internal.transactions
),

usable as (
    select
        customer_id,
        order_id,
        case
            when ordered_at <= make_timestamp(epoch_us(current_timestamp)) + interval 1 day
                then ordered_at
        end as ordered_at,
        amount > 0 as is_positive,
        cast(floor(amount * 10000 + 0.5) as bigint) as ten_thousandths,
        $attributes
    from transactions
    where
        customer_id is not null
        and amount between -$max_amount and $max_amount
),

orders as (
    select
        customer_id,
        order_id,
        sum(ten_thousandths) as ten_thousandths,
        count(case when is_positive then 1 end) as positive_rows,
        min(case when is_positive then ordered_at end) as first_order_at,
        max(case when is_positive then ordered_at end) as last_order_at,
        $ordered_attributes
    from usable
    group by
        customer_id,
        order_id
),

summed as (
    select
        customer_id,
        sum(ten_thousandths) + 50 as shifted,
        count(case when positive_rows > 0 then order_id end) as frequency,
        min(first_order_at) as first_order_at,
        max(last_order_at) as last_order_at,
        $latest_attributes
    from orders
    group by customer_id
),

final as (
    select
        customer_id,
        -- the remainder is taken off first, so that the division is exact in every dialect
        ((shifted - shifted % 100 - case when shifted % 100 < 0 then 100 else 0 end) // 100)
        / 100.0 as monetary,
        frequency,
        first_order_at,
        last_order_at,
        $attribute_values
    from summed
)

select * from final
