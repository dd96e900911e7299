-- How the revenue is spread: what the best customers bring together.
-- Grain:  one row for each half of a percent of the customers, highest monetary first.
-- Source: $profiles (see report_profiles).
-- Within customers of equal monetary the curve is a straight line, so it is exact everywhere.
-- Units:  shares from 0 to 1; revenue in the table's currency.
with

amounts as (
    select
        cents,
        cast(sum(customers) as hugeint) as customers
    from $profiles
    group by cents
),

running as (
    select
        cents,
        sum(customers) over (order by cents desc) - customers as customers_before,
        sum(customers) over (order by cents desc) as customers,
        sum(cents * customers) over (order by cents desc) - cents * customers as cents_before
    from amounts
),

totals as (
    select
        cast(sum(customers) as hugeint) as customers,
        sum(cents * customers) as cents
    from amounts
),

marked as (
    select
        running.cents,
        running.customers_before,
        running.cents_before,
        totals.customers as all_customers,
        totals.cents as all_cents,
        unnest(
            generate_series(
                cast(running.customers_before * 200 // totals.customers as bigint) + 1,
                cast(running.customers * 200 // totals.customers as bigint)
            )
        ) as mark
    from running
    cross join totals
)

select
    mark / 200.0 as share,
    (cents_before + (mark * all_customers / 200.0 - customers_before) * cents) / 100.0 as revenue,
    (cents_before + (mark * all_customers / 200.0 - customers_before) * cents)
    / nullif(cast(all_cents as double), 0) as share_of_revenue
from marked
order by mark
