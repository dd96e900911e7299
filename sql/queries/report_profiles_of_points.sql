-- What the report is drawn from, where the user brought anonymous points.
-- Grain:  one row for each point, with its segment; points have no lifecycle and no whales.
-- Source: segments_internal.profile_points under the current rules, live.
-- Units:  cents is monetary as a whole number.
select
    profile_points.monetary,
    cast(round(profile_points.monetary * 100) as bigint) as cents,
    cast(profile_points.frequency as bigint) as frequency,
    segment_rules.segment,
    segment_rules.segment_rank,
    cast(null as varchar) as lifecycle,
    false as is_whale,
    profile_points.customers
from segments_internal.profile_points
inner join segments.segment_rules
    on
        profile_points.frequency between
        segment_rules.frequency_from and segment_rules.frequency_to
        and profile_points.monetary >= segment_rules.monetary_from
        and profile_points.monetary < segment_rules.monetary_below
