-- How often and when each customer of a moment had ordered, as models of repeat purchases want it.
-- Grain:  one row for each customer with an order.
-- Source: $transactions, up to $known_until.
-- repeat_days are the days with an order after the first one, recency is how long after the first
-- day the last one was, age how long ago the first one is; mean_repeat is the mean spent on a
-- repeat day, NULL without one.
-- Units:  weeks; money in the table's currency.
with

daily as (
    select
        customer_id,
        cast(ordered_at as date) as order_day,
        sum(cast(round(amount * 100) as hugeint)) as cents
    from $transactions
    where
        amount > 0
        and customer_id is not null
        and ordered_at <= $known_until
    group by
        customer_id,
        order_day
),

firsts as (
    select
        *,
        min(order_day) over (partition by customer_id) as first_day
    from daily
)

select
    customer_id,
    count(*) - 1 as repeat_days,
    (max(order_day) - min(order_day)) / 7.0 as recency,
    (cast($known_until as date) - min(order_day)) / 7.0 as age,
    sum(case when order_day > first_day then cents end) / 100.0
    / nullif(count(*) - 1, 0) as mean_repeat
from firsts
group by customer_id
order by customer_id
