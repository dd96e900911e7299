-- segments.drift
-- Grain:  one row for each metric, and one named overall that recommends a refit or not.
-- Source: segments_internal.drift_bins and segments_internal.profile_cut, live.
-- monetary, frequency, segment and whale are population stability indices of the bins: 0 is as at
-- the fit, above 0.1 deserves a look, above 0.2 counts as drifted. monetary_cut and frequency_cut
-- are the relative change of the threshold above which customers are whales, drifted when it is
-- more than 20 % (and more than one order) away. overall counts the metrics that drifted; one is
-- enough for a refit. value and is_drifted are NULL when there is no customer to compare.
-- Units:  shares from 0 to 1.
with

drift_bins as (
    select * from segments_internal.drift_bins
),

fitted_cut as (
    select
        monetary_cut,
        frequency_cut,
        -- no function of the JSON extension, which a browser would have to load from elsewhere
        cast(
            nullif(regexp_extract(cast(settings as varchar), '"cut"\s*:\s*([0-9.eE+-]+)', 1), '')
            as double
        ) as cut
    from segments_internal.models
    where is_current
),

live_cut as (
    select
        monetary_cut,
        frequency_cut
    from segments_internal.profile_cut
),

ranked_bins as (
    select
        *,
        row_number() over (
            partition by metric
            order by
                stability_index desc,
                bin asc
        ) as place
    from drift_bins
),

indices as (
    select
        metric,
        sum(stability_index order by bin) as index_value,
        max(case when place = 1 then bin end) as top_bin,
        max(case when place = 1 then segment end) as segment,
        max(case when place = 1 then lower_edge end) as lower_edge,
        max(case when place = 1 then upper_edge end) as upper_edge,
        max(case when place = 1 then training_share end) as training_share,
        max(case when place = 1 then live_share end) as live_share
    from ranked_bins
    group by metric
),

judged_indices as (
    select
        metric,
        case metric
            when 'monetary' then 1 when 'frequency' then 2 when 'segment' then 3 else 4
        end as metric_order,
        index_value as value,
        cast(0.2 as double) as threshold,
        index_value > 0.2 as is_drifted,
        case
            when index_value > 0.2 then 'has drifted'
            when index_value > 0.1 then 'has moved, worth a look'
            else 'as at the fit'
        end as verdict,
        case
            when metric = 'segment' then 'customers in ' || segment
            when metric = 'whale' and top_bin = 1 then 'customers below the cut'
            when metric = 'whale' then 'customers above the cut'
            when lower_edge = '-infinity' and upper_edge = 'infinity' then 'everybody'
            when metric = 'monetary' and lower_edge = '-infinity'
                then format('customers up to {:,.2f}', upper_edge)
            when metric = 'monetary' and upper_edge = 'infinity'
                then format('customers above {:,.2f}', lower_edge)
            when metric = 'monetary'
                then format('customers above {:,.2f} up to {:,.2f}', lower_edge, upper_edge)
            when lower_edge = '-infinity' and upper_edge = 1 then 'customers with one order'
            when lower_edge = '-infinity'
                then format('customers with up to {:.0f} orders', upper_edge)
            when upper_edge = 'infinity' and lower_edge = 1
                then 'customers with more than one order'
            when upper_edge = 'infinity'
                then format('customers with more than {:.0f} orders', lower_edge)
            when lower_edge + 1 = upper_edge
                then format('customers with {:.0f} orders', upper_edge)
            else format('customers with {:.0f} to {:.0f} orders', lower_edge + 1, upper_edge)
        end as who,
        training_share,
        live_share
    from indices
),

cuts as (
    select
        'monetary_cut' as metric,
        5 as metric_order,
        fitted_cut.cut,
        fitted_cut.monetary_cut as fitted,
        live_cut.monetary_cut as live,
        0.0 as least_change
    from fitted_cut
    cross join live_cut
    union all
    select
        'frequency_cut' as metric,
        6 as metric_order,
        fitted_cut.cut,
        fitted_cut.frequency_cut as fitted,
        live_cut.frequency_cut as live,
        1.0 as least_change
    from fitted_cut
    cross join live_cut
),

judged_cuts as (
    select
        metric,
        metric_order,
        (live - fitted) / nullif(abs(fitted), 0) as value,
        cast(0.2 as double) as threshold,
        abs(live - fitted) > greatest(0.2 * abs(fitted), least_change) as is_drifted,
        fitted,
        live
    from cuts
    where
        fitted is not null
        and cut < 1
),

judged as (
    select
        metric,
        metric_order,
        value,
        threshold,
        is_drifted,
        case
            when value is null then 'no customer to compare'
            when training_share = live_share then verdict
            else format(
                '{}: {} were {:.1f} % and are {:.1f} %',
                verdict, who, 100 * training_share, 100 * live_share
            )
        end as message
    from judged_indices
    union all
    select
        metric,
        metric_order,
        value,
        threshold,
        is_drifted,
        case
            when live is null then 'no customer to compare'
            else format(
                '{}: the cut was {:,.2f} and would be {:,.2f}',
                case when is_drifted then 'has drifted' else 'as at the fit' end, fitted, live
            )
        end as message
    from judged_cuts
),

overall as (
    select
        cast(count(case when is_drifted then 1 end) as double) as drifted,
        count(*) as metrics,
        count(is_drifted) as known,
        string_agg(
            case when is_drifted then metric end, ', '
            order by metric_order
        ) as which
    from judged
),

final as (
    select
        metric,
        metric_order,
        value,
        threshold,
        is_drifted,
        message
    from judged
    union all
    select
        'overall' as metric,
        7 as metric_order,
        case when drifted > 0 or known = metrics then drifted end as value,
        cast(0 as double) as threshold,
        case when drifted > 0 or known = metrics then drifted > 0 end as is_drifted,
        case
            when metrics = 0 then 'the model has no bins to compare with: fit again'
            when drifted > 0 then 'refit: ' || which || ' drifted'
            when known < metrics then 'there is no customer with an order now to compare'
            else 'no refit needed'
        end as message
    from overall
)

select
    metric,
    value,
    threshold,
    is_drifted,
    message
from final
order by metric_order
