-- How long customers who come back take: quantiles of their mean interval between orders.
-- Grain:  one row; NULL where nobody has ordered on two days.
-- Source: segments.customer_profile.
-- Units:  days.
with

customer_profile as (
    select * from segments.customer_profile
),

intervals as (
    select
        date_diff('day', cast(first_order_at as date), cast(last_order_at as date))
        / cast(frequency - 1 as double) as interval_days
    from customer_profile
    where
        frequency > 1
        and cast(last_order_at as date) > cast(first_order_at as date)
),

final as (
    select
        quantile_cont(interval_days, 0.75) as usual_days,
        quantile_cont(interval_days, 0.95) as long_days
    from intervals
)

select * from final
