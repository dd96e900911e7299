-- segments.segment_summary
-- Grain:  one row for each segment of the current model, empty ones included.
-- Source: segments.customer_segments, live.
-- Units:  money in the table's currency; share_of_customers is of all customers, share_of_revenue
--         is of identified revenue, that of known customers, both from 0 to 1. The rest, of rows
--         without a customer, is in segments.data_quality. mean_monetary_without_whales is NULL
--         where nobody but whales is in a segment.
-- At-Risk means low value: it does not say that a customer is leaving.
with

customer_segments as (
    select
        segment,
        monetary,
        frequency,
        is_whale,
        cast(round(monetary * 100) as bigint) as cents
    from segments.customer_segments
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

totals as (
    select
        count(*) as customers,
        sum(cents) as cents
    from customer_segments
),

by_segment as (
    select
        segment,
        count(*) as customers,
        sum(cents) as cents,
        sum(frequency) as orders,
        sum(case when is_whale then 0 else 1 end) as ordinary_customers,
        sum(case when is_whale then 0 else cents end) as ordinary_cents,
        quantile_cont(monetary, 0.5) as median_monetary,
        quantile_cont(cast(frequency as double), 0.5) as median_frequency
    from customer_segments
    group by segment
),

final as (
    select
        current_segments.segment,
        current_segments.segment_rank,
        coalesce(by_segment.customers, 0) as customers,
        coalesce(by_segment.customers, 0)
        / nullif(cast(totals.customers as double), 0) as share_of_customers,
        coalesce(by_segment.cents, 0) / 100.0 as revenue,
        coalesce(by_segment.cents, 0)
        / nullif(cast(totals.cents as double), 0) as share_of_revenue,
        by_segment.cents / 100.0 / by_segment.customers as mean_monetary,
        by_segment.median_monetary,
        by_segment.orders / cast(by_segment.customers as double) as mean_frequency,
        by_segment.median_frequency,
        by_segment.ordinary_cents / 100.0 / nullif(by_segment.ordinary_customers, 0)
            as mean_monetary_without_whales
    from current_segments
    cross join totals
    left join by_segment
        on current_segments.segment = by_segment.segment
)

select * from final
order by segment_rank
