-- Any relation with its rows labelled, where the model has too many rules for a macro.
-- Grain:  one row for each row of $source, in its order; all its columns are kept.
-- Source: a Parquet or CSV file ($source). The rules leave no gap, so a row's rule is the one with
--         the nearest frequency_from below it, then with the nearest monetary_from below it: two
--         sorted joins, whatever the number of rules. The last sort restores the order of rows.
-- Units:  $monetary in the currency of the model, $frequency in orders. A row where one of them is
--         NULL, NaN or infinite has the segment NULL.
with

measured as (
    select
        user_table.*,
        row_number() over () as segmenter_row,
        cast($monetary as double) as segmenter_monetary,
        cast($frequency as double) as segmenter_frequency
    from $source as user_table
),

bounded as (
    select
        *,
        case
            when isfinite(segmenter_monetary) and isfinite(segmenter_frequency)
                then segmenter_monetary
        end as segmenter_spend,
        -- no model reaches beyond $max_frequency, so nothing changes there
        cast(least(greatest(floor(segmenter_frequency), 0), $max_frequency) as bigint)
            as segmenter_orders
    from measured
),

frequency_ranges as (
    select distinct frequency_from as segmenter_range
    from segments.segment_rules
),

ranged as (
    select
        bounded.*,
        frequency_ranges.segmenter_range
    from bounded
    asof left join frequency_ranges
        on bounded.segmenter_orders >= frequency_ranges.segmenter_range
),

final as (
    select
        ranged.*,
        -- asked again, because DuckDB 1.5 lets a NULL match some rules
        case when ranged.segmenter_spend is not null then segment_rules.segment end as segment,
        case
            when ranged.segmenter_spend is not null then segment_rules.segment_rank
        end as segment_rank
    from ranged
    asof left join segments.segment_rules
        on
            ranged.segmenter_range = segment_rules.frequency_from
            and ranged.segmenter_spend >= segment_rules.monetary_from
)

select
    * exclude ( -- noqa: AM04
        segmenter_row,
        segmenter_monetary,
        segmenter_frequency,
        segmenter_spend,
        segmenter_orders,
        segmenter_range
    )
from final
order by segmenter_row
