-- segments.segment_summary, where the user brought anonymous points
-- Grain:  one row for each segment of the current model, empty ones included.
-- Source: segments_internal.profile_points under the current model, live.
-- Units:  money in the table's currency; share_of_customers is of all customers, share_of_revenue
--         is of the revenue of these customers, both from 0 to 1. Sums have 128 bits: a point may
--         stand for a billion customers. mean_monetary_without_whales is of the points below the
--         cuts of the model; NULL where a segment has none.
-- At-Risk means low value: it does not say that a customer is leaving.
with

current_model as (
    select
        monetary_cut,
        frequency_cut
    from segments_internal.models
    where is_current
),

classified as (
    select
        profile_points.monetary,
        profile_points.frequency,
        profile_points.customers,
        cast(round(profile_points.monetary * 100) as hugeint) as cents,
        segment_rules.segment,
        coalesce(profile_points.monetary > current_model.monetary_cut, false)
        or coalesce(profile_points.frequency > current_model.frequency_cut, false) as is_whale
    from segments_internal.profile_points
    cross join current_model
    inner join segments.segment_rules
        on
            profile_points.frequency between
            segment_rules.frequency_from and segment_rules.frequency_to
            and profile_points.monetary >= segment_rules.monetary_from
            and profile_points.monetary < segment_rules.monetary_below
),

current_segments as (
    select
        model_segments.segment,
        model_segments.segment_rank
    from segments_internal.model_segments
    inner join segments_internal.models
        on model_segments.model_id = models.model_id
    where models.is_current
),

ranked as (
    select
        *,
        sum(customers) over (partition by segment) as total,
        sum(customers) over (
            partition by segment order by monetary range unbounded preceding
        ) as up_to_monetary,
        sum(customers) over (
            partition by segment order by frequency range unbounded preceding
        ) as up_to_frequency
    from classified
),

by_segment as (
    select
        segment,
        sum(customers) as customers,
        sum(cents * customers) as cents,
        sum(cast(frequency as hugeint) * customers) as orders,
        sum(case when is_whale then 0 else customers end) as ordinary_customers,
        sum(case when is_whale then 0 else cents * customers end) as ordinary_cents,
        min(case when up_to_monetary * 2 >= total then monetary end) as lower_monetary,
        min(case when up_to_monetary * 2 > total then monetary end) as upper_monetary,
        min(case when up_to_frequency * 2 >= total then frequency end) as lower_frequency,
        min(case when up_to_frequency * 2 > total then frequency end) as upper_frequency
    from ranked
    group by segment
),

totals as (
    select
        sum(customers) as customers,
        sum(cents) as cents
    from by_segment
),

final as (
    select
        current_segments.segment,
        current_segments.segment_rank,
        cast(coalesce(by_segment.customers, 0) as bigint) as customers,
        coalesce(by_segment.customers, 0)
        / nullif(cast(totals.customers as double), 0) as share_of_customers,
        coalesce(by_segment.cents, 0) / 100.0 as revenue,
        coalesce(by_segment.cents, 0)
        / nullif(cast(totals.cents as double), 0) as share_of_revenue,
        by_segment.cents / 100.0 / by_segment.customers as mean_monetary,
        (by_segment.lower_monetary + by_segment.upper_monetary) / 2 as median_monetary,
        by_segment.orders / cast(by_segment.customers as double) as mean_frequency,
        (by_segment.lower_frequency + by_segment.upper_frequency) / 2.0 as median_frequency,
        by_segment.ordinary_cents / 100.0 / nullif(by_segment.ordinary_customers, 0)
            as mean_monetary_without_whales
    from current_segments
    cross join totals
    left join by_segment
        on current_segments.segment = by_segment.segment
)

select * from final
order by segment_rank
