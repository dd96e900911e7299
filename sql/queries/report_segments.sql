-- The segments of the report.
-- Grain:  one row for each segment of the current model, empty ones included.
-- Source: $profiles (see report_profiles).
-- Units:  money in the table's currency; shares from 0 to 1, of all customers and of the revenue
--         of known customers.
with

profiles as (
    select * from $profiles
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
            partition by segment order by cents range unbounded preceding
        ) as up_to_cents,
        sum(customers) over (
            partition by segment order by frequency range unbounded preceding
        ) as up_to_frequency
    from profiles
),

by_segment as (
    select
        segment,
        sum(customers) as customers,
        sum(cast(cents as hugeint) * customers) as cents,
        sum(cast(frequency as hugeint) * customers) as orders,
        min(case when up_to_cents * 2 >= total then monetary end) as lower_monetary,
        min(case when up_to_cents * 2 > total then monetary end) as upper_monetary,
        min(case when up_to_frequency * 2 >= total then frequency end) as lower_frequency,
        min(case when up_to_frequency * 2 > total then frequency end) as upper_frequency,
        coalesce(sum(case when is_whale then customers end), 0) as whales,
        coalesce(sum(case when is_whale then cast(cents as hugeint) * customers end), 0)
            as whale_cents
    from ranked
    group by segment
),

totals as (
    select
        cast(sum(customers) as double) as customers,
        cast(sum(cents) as double) as cents
    from by_segment
)

select
    current_segments.segment,
    current_segments.segment_rank,
    cast(coalesce(by_segment.customers, 0) as bigint) as customers,
    coalesce(by_segment.customers, 0) / nullif(totals.customers, 0) as share_of_customers,
    coalesce(by_segment.cents, 0) / 100.0 as revenue,
    coalesce(by_segment.cents, 0) / nullif(totals.cents, 0) as share_of_revenue,
    by_segment.cents / 100.0 / by_segment.customers as mean_monetary,
    (by_segment.lower_monetary + by_segment.upper_monetary) / 2 as median_monetary,
    by_segment.orders / cast(by_segment.customers as double) as mean_frequency,
    (by_segment.lower_frequency + by_segment.upper_frequency) / 2.0 as median_frequency,
    cast(coalesce(by_segment.whales, 0) as bigint) as whales,
    coalesce(by_segment.whale_cents, 0) / 100.0 as whale_revenue
from current_segments
cross join totals
left join by_segment
    on current_segments.segment = by_segment.segment
order by current_segments.segment_rank
