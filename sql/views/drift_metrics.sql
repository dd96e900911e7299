-- segments.drift, in other warehouses: what is measured, without the sentences
-- Grain:  one row for each metric of the model.
-- Source: segments_internal.drift_bins and segments_internal.profile_cut, live.
-- monetary, frequency, segment and whale are population stability indices of the bins: 0 is as at
-- the fit, above 0.2 counts as drifted. monetary_cut and frequency_cut are the relative change of
-- the threshold above which customers are whales, drifted when it is more than 20 % (and more than
-- one order) away. One metric that drifted is enough for a refit. NULL where there is no customer
-- to compare.
-- Units:  shares from 0 to 1.
with

drift_bins as (
    select * from segments_internal.drift_bins
),

profile_cut as (
    select * from segments_internal.profile_cut
),

fitted_cut as (
    select
        monetary_cut,
        frequency_cut
    from segments_internal.models
    where is_current
),

indices as (
    select
        metric,
        sum(cast(stability_index as double)) as value
    from drift_bins
    group by metric
),

cuts as (
    select
        'monetary_cut' as metric,
        fitted_cut.monetary_cut as fitted,
        profile_cut.monetary_cut as live,
        cast(0.0 as double) as least_change
    from fitted_cut
    cross join profile_cut
    union all
    select
        'frequency_cut' as metric,
        fitted_cut.frequency_cut as fitted,
        profile_cut.frequency_cut as live,
        cast(1.0 as double) as least_change
    from fitted_cut
    cross join profile_cut
),

final as (
    select
        metric,
        value,
        cast(0.2 as double) as threshold,
        value > 0.2 as is_drifted
    from indices
    union all
    select
        metric,
        (live - fitted) / nullif(abs(fitted), 0) as value,
        cast(0.2 as double) as threshold,
        abs(live - fitted) > greatest(0.2 * abs(fitted), least_change) as is_drifted
    from cuts
    where
        fitted is not null
        and $cut < 1
)

select * from final
