-- The segment of profiles that somebody asks about, by the rules of the current model.
-- Grain:  one row for each profile that has a segment: NaN and infinity have none.
-- Source: $asked_monetary and $asked_frequency, two lists of the same length; place counts from 0.
-- Units:  money in the table's currency.
with

asked as (
    select
        unnest(range(len($asked_monetary))) as place,
        unnest($asked_monetary) as monetary,
        unnest($asked_frequency) as frequency
)

select
    asked.place,
    segment_rules.segment
from asked
inner join segments.segment_rules
    on
        least(greatest(floor(asked.frequency), 0), 1e15) between
        segment_rules.frequency_from and segment_rules.frequency_to
        and asked.monetary >= segment_rules.monetary_from
        and asked.monetary < segment_rules.monetary_below
where isfinite(asked.monetary) and isfinite(asked.frequency)
