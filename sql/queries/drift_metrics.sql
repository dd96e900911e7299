-- What segments.drift measures, without its sentences, for where no view of ours is.
-- Grain:  one row for each metric of the model.
-- Source: segments_internal.drift_bins and segments_internal.profile_cut.
-- Units:  value and threshold as in segments.drift; $cut is the model's setting.
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
        sum(stability_index) as value
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
