-- segments_internal.profile_points
-- Grain:  one row for each distinct (monetary, frequency) of the training profile: customers with
--         at least one order that are not whales. This is all that the clustering sees.
-- Source: segments.customer_profile and segments_internal.profile_cut, live.
-- Units:  monetary in whole cents of the table's currency; frequency in orders.
with

customer_profile as (
    select * from segments.customer_profile
),

profile_cut as (
    select * from segments_internal.profile_cut
),

training_profile as (
    select
        customer_profile.monetary,
        customer_profile.frequency
    from customer_profile
    cross join profile_cut
    where
        customer_profile.frequency >= 1
        and not coalesce(customer_profile.monetary > profile_cut.monetary_cut, false)
        and not coalesce(customer_profile.frequency > profile_cut.frequency_cut, false)
),

final as (
    select
        monetary,
        frequency,
        count(*) as customers
    from training_profile
    group by
        monetary,
        frequency
)

select * from final
