-- segments_internal.drift_bins
-- Grain:  one row for each metric and bin of the current model's training profile: how many
--         customers it held at the fit, and how many it holds now.
-- Source: segments_internal.model_bins and segments.customer_segments, live.
-- Like is compared with like: customers with at least one order who are not above the cut that the
-- model was fitted with, then and now. How many are above it is the metric whale: bin 1 holds those
-- below, bin 2 the whales.
-- Units:  edges of monetary in the table's currency, of frequency in orders; lower_edge is left
--         out, upper_edge is included. Shares from 0 to 1. stability_index is the bin's part of the
--         population stability index, (q - p) * ln(q / p), with half a customer added to each bin
--         of both sides, so that an empty one is no infinity; NULL when there is nobody now.
with

current_bins as (
    select
        model_bins.metric,
        model_bins.bin,
        model_bins.lower_edge,
        model_bins.upper_edge,
        model_bins.segment,
        model_bins.customers as training_customers,
        model_bins.share_of_customers as training_share
    from segments_internal.model_bins
    inner join segments_internal.models
        on model_bins.model_id = models.model_id
    where models.is_current
),

live_points as (
    select
        monetary,
        frequency,
        segment_rank,
        is_whale,
        count(*) as customers
    from segments.customer_segments
    where
        frequency >= 1
        or is_whale
    group by
        monetary,
        frequency,
        segment_rank,
        is_whale
),

live_values as (
    select
        'monetary' as metric,
        monetary as live_value,
        sum(customers) as customers
    from live_points
    where not is_whale
    group by monetary
    union all
    select
        'frequency' as metric,
        cast(frequency as double) as live_value,
        sum(customers) as customers
    from live_points
    where not is_whale
    group by frequency
),

live_counts as (
    select
        current_bins.metric,
        current_bins.bin,
        sum(live_values.customers) as customers
    from current_bins
    inner join live_values
        on
            current_bins.metric = live_values.metric
            and current_bins.lower_edge < live_values.live_value
            and current_bins.upper_edge >= live_values.live_value
    group by
        current_bins.metric,
        current_bins.bin
    union all
    select
        'segment' as metric,
        segment_rank as bin,
        sum(customers) as customers
    from live_points
    where not is_whale
    group by segment_rank
    union all
    select
        'whale' as metric,
        case when is_whale then 2 else 1 end as bin,
        sum(customers) as customers
    from live_points
    group by is_whale
),

compared as (
    select
        current_bins.*,
        cast(coalesce(live_counts.customers, 0) as bigint) as live_customers,
        -- no named window, which not every warehouse has
        cast(
            sum(coalesce(live_counts.customers, 0)) over (partition by current_bins.metric)
            as double
        ) as all_live,
        cast(
            sum(current_bins.training_customers) over (partition by current_bins.metric) as double
        ) as all_training,
        count(*) over (partition by current_bins.metric) as bins
    from current_bins
    left join live_counts
        on
            current_bins.metric = live_counts.metric
            and current_bins.bin = live_counts.bin
),

corrected as (
    select
        *,
        (training_customers + 0.5) / (all_training + 0.5 * bins) as p,
        (live_customers + 0.5) / (all_live + 0.5 * bins) as q
    from compared
),

final as (
    select
        metric,
        bin,
        lower_edge,
        upper_edge,
        segment,
        training_customers,
        training_share,
        live_customers,
        live_customers / nullif(all_live, 0) as live_share,
        case when all_live > 0 then (q - p) * ln(q / p) end as stability_index
    from corrected
)

select * from final
order by
    case metric when 'monetary' then 1 when 'frequency' then 2 when 'segment' then 3 else 4 end,
    bin
