-- The compiled boundaries between segments, as lines of the map.
-- Grain:  one row for each straight piece.
-- Source: segments.segment_rules.
-- Whole numbers of orders stand in the middle of their column, so a column ends half way to the
-- next one. What lies outside the map ($frequency_to, $monetary_from, $monetary_to) is cut off.
-- Units:  money in the table's currency; frequency in orders.
with

segment_rules as (
    select
        frequency_from,
        least(frequency_to, $frequency_to) as frequency_to,
        greatest(monetary_from, $monetary_from) as monetary_from,
        least(monetary_below, $monetary_to) as monetary_below,
        segment
    from segments.segment_rules
    where
        frequency_from <= $frequency_to
        and monetary_from < $monetary_to
        and monetary_below > $monetary_from
),

levels as (
    select
        cast(frequency_from - 0.5 as double) as frequency,
        cast(frequency_to + 0.5 as double) as frequency_end,
        monetary_below as monetary,
        monetary_below as monetary_end
    from segment_rules
    where monetary_below < $monetary_to
),

steps as (
    select
        cast(nearer.frequency_to + 0.5 as double) as frequency,
        cast(nearer.frequency_to + 0.5 as double) as frequency_end,
        greatest(nearer.monetary_from, farther.monetary_from) as monetary,
        least(nearer.monetary_below, farther.monetary_below) as monetary_end
    from segment_rules as nearer
    inner join segment_rules as farther
        on
            nearer.frequency_to + 1 = farther.frequency_from
            and nearer.segment <> farther.segment
            and nearer.monetary_from < farther.monetary_below
            and nearer.monetary_below > farther.monetary_from
)

select
    frequency,
    frequency_end,
    monetary,
    monetary_end
from levels
union all
select
    frequency,
    frequency_end,
    monetary,
    monetary_end
from steps
order by
    frequency,
    monetary
