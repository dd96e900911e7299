-- What customers did after a moment, by the segment and the lifecycle that they had then.
-- Grain:  one row for each segment and lifecycle that somebody was in.
-- Source: $segmented, the customers of then with their segments; $later, what each customer did
--         after.
-- Rates have Wilson's 95 % interval (E. B. Wilson, 1927), means that of the normal distribution
-- from exact integer sums; fewer than 30 customers have none, since it would not hold.
-- Units:  money in the table's currency; rates from 0 to 1.
with

known as (
    select
        segmented.segment,
        segmented.segment_rank,
        segmented.lifecycle,
        cast(round(coalesce(later.monetary, 0) * 100) as hugeint) as later_cents,
        coalesce(later.frequency, 0) > 0 as came_again
    from $segmented as segmented
    left join $later as later
        on segmented.customer_id = later.customer_id
),

added_up as (
    select
        segment,
        segment_rank,
        lifecycle,
        count(*) as customers,
        count(case when came_again then 1 end) as customers_again,
        sum(later_cents) as cents,
        sum(later_cents * later_cents) as squared_cents
    from known
    group by
        segment,
        segment_rank,
        lifecycle
),

spread as (
    select
        *,
        cast(customers as double) as n,
        customers_again / cast(customers as double) as repeat_rate,
        cents / 100.0 / customers as mean_later_revenue,
        case
            when customers >= 30
                then
                    1.959963985 / 100.0 * sqrt(
                        cast(customers * squared_cents - cents * cents as double)
                        / customers / customers / (customers - 1)
                    )
        end as mean_margin
    from added_up
),

rated as (
    select
        *,
        (repeat_rate + 1.920729441 / n) / (1 + 3.841458882 / n) as rate_centre,
        1.959963985 * sqrt(repeat_rate * (1 - repeat_rate) / n + 0.960364720 / n / n)
        / (1 + 3.841458882 / n) as rate_margin
    from spread
)

select
    segment,
    segment_rank,
    lifecycle,
    customers,
    customers_again,
    repeat_rate,
    greatest(rate_centre - rate_margin, 0.0) as repeat_rate_low,
    least(rate_centre + rate_margin, 1.0) as repeat_rate_high,
    mean_later_revenue,
    mean_later_revenue - mean_margin as mean_later_revenue_low,
    mean_later_revenue + mean_margin as mean_later_revenue_high
from rated
order by
    segment_rank,
    lifecycle
