-- segments.customer_profile, where the user's table has no order column
-- Grain:  one row for each customer; rows without a customer are left out.
-- Source: segments_internal.transactions, live.
-- Units:  monetary is the sum of a customer's amounts, refunds included, in whole cents of the
--         table's currency; frequency is the number of rows with a positive amount.
-- Each amount becomes a whole number of ten-thousandths before it is summed, so that the sum does
-- not depend on the order of rows; the sum is rounded half up to the cent. Amounts that are NULL,
-- NaN, infinite or too large to be exact are left out here, and a date later than this time
-- tomorrow, UTC, is not believed: the row counts as one without a date.
-- An attribute that the fit names is the latest that is known of the customer: that of the newest
-- row where it is not NULL, of rows of the same moment the highest value.
with

transactions as (
    select * from segments_internal.transactions
),

usable as (
    select
        customer_id,
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

summed as (
    select
        customer_id,
        sum(ten_thousandths) + 50 as shifted,
        count(case when is_positive then 1 end) as frequency,
        min(case when is_positive then ordered_at end) as first_order_at,
        max(case when is_positive then ordered_at end) as last_order_at,
        $dated_attributes
    from usable
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
