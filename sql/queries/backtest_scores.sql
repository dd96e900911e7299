-- What each customer is ranked by, in each of the ways that people use: the highest comes first.
-- Grain:  one row for each ranking and customer of $segmented.
-- Source: $segmented, the customers of $known_until with their segments; $transactions; $learned,
--         what a customer of each segment and lifecycle brought after an earlier day; $predicted,
--         what a model of repeat purchases expects.
-- recent_spend halves what was spent each quarter of the history ($half_life days); rfm is the sum
-- of three quintiles, of which equal values have the same.
with

recent as (
    select
        customer_id,
        sum(
            cast(
                round(
                    amount * 10000 * power(
                        0.5, date_diff('day', cast(ordered_at as date), cast($known_until as date))
                        / $half_life
                    )
                ) as hugeint
            )
        ) as weighted
    from $transactions
    where
        ordered_at <= $known_until
        and isfinite(amount)
    group by customer_id
),

quintiles as (
    select
        customer_id,
        least(floor(percent_rank() over (order by last_order_at nulls first) * 5), 4)
        + least(floor(percent_rank() over (order by frequency) * 5), 4)
        + least(floor(percent_rank() over (order by monetary) * 5), 4) as score
    from $segmented
)

select
    'spend' as ranking,
    customer_id,
    monetary as score
from $segmented
union all
select
    'orders' as ranking,
    customer_id,
    cast(frequency as double) as score
from $segmented
union all
select
    'recent_spend' as ranking,
    customer_id,
    cast(weighted as double) as score
from recent
union all
select
    'rfm' as ranking,
    customer_id,
    score
from quintiles
union all
select
    'bg_nbd' as ranking,
    customer_id,
    score
from $predicted
union all
select
    'segment_lifecycle' as ranking,
    customers.customer_id,
    learned.mean_later_revenue as score
from $segmented as customers
inner join $learned as learned
    on
        customers.segment = learned.segment
        and customers.lifecycle = learned.lifecycle
