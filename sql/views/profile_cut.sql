-- segments_internal.profile_cut
-- Grain:  one row.
-- Source: segments.customer_profile, live.
-- A whale is a customer strictly above the exact quantile $cut of monetary or of frequency ($cut_on
-- says of which), taken over the customers with at least one order. A threshold that $cut_on leaves
-- out is NULL. Whales are left out of training only; they are classified like everybody.
-- Units:  money in the table's currency; shares from 0 to 1, of the revenue of known customers.
with

customer_profile as (
    select * from segments.customer_profile
),

thresholds as (
    select
        case
            when $cut_on in ('monetary', 'either') then quantile_cont(monetary, $cut)
        end as monetary_cut,
        case
            when $cut_on in ('frequency', 'either')
                then quantile_cont(cast(frequency as double), $cut)
        end as frequency_cut
    from customer_profile
    where frequency >= 1
),

flagged as (
    select
        customer_profile.frequency,
        cast(round(customer_profile.monetary * 100) as bigint) as cents,
        coalesce(customer_profile.monetary > thresholds.monetary_cut, false) as above_monetary,
        coalesce(customer_profile.frequency > thresholds.frequency_cut, false) as above_frequency
    from customer_profile
    cross join thresholds
),

counted as (
    select
        count(*) as customers,
        count(case when frequency = 0 then 1 end) as customers_without_order,
        count(case when above_monetary or above_frequency then 1 end) as whales,
        count(case when above_monetary then 1 end) as whales_by_monetary,
        count(case when above_frequency then 1 end) as whales_by_frequency,
        coalesce(sum(cents), 0) / 100.0 as revenue,
        coalesce(sum(case when above_monetary or above_frequency then cents end), 0)
        / 100.0 as whale_revenue
    from flagged
),

final as (
    select
        thresholds.monetary_cut,
        thresholds.frequency_cut,
        counted.customers,
        counted.customers_without_order,
        counted.whales,
        counted.whales_by_monetary,
        counted.whales_by_frequency,
        counted.revenue,
        counted.whale_revenue,
        counted.whale_revenue / nullif(counted.revenue, 0) as whale_share_of_revenue
    from counted
    cross join thresholds
)

select * from final
