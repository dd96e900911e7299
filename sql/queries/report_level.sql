-- One level of the recursion: the training customers of a block on plain axes.
-- Grain:  one row for each cell and segment that somebody is in.
-- Source: segments_internal.model_points of the current model, of the segments in $block.
-- Where the segments of a cell meet, each has the part of its height, from part_from to part_to,
-- that is its share of the customers in it, the higher segment above.
-- Units:  money in the table's currency; frequency in orders. Both ends of frequency are included.
with

placed as (
    select
        model_points.segment,
        model_segments.segment_rank,
        model_points.customers,
        cast(
            floor(
                (model_points.monetary - $monetary_from) / $monetary_step -- noqa: RF02
            ) as bigint
        ) as monetary_cell,
        cast(
            floor(
                (model_points.frequency - $frequency_from) / $frequency_step -- noqa: RF02
            ) as bigint
        ) as frequency_cell
    from segments_internal.model_points
    inner join segments_internal.models
        on model_points.model_id = models.model_id
    inner join segments_internal.model_segments
        on
            model_points.model_id = model_segments.model_id
            and model_points.segment = model_segments.segment
    where
        models.is_current
        and list_contains($block, model_points.segment) -- noqa: RF02
),

cells as (
    select
        segment,
        segment_rank,
        monetary_cell,
        frequency_cell,
        sum(customers) as customers
    from placed
    group by
        segment,
        segment_rank,
        monetary_cell,
        frequency_cell
),

shared as (
    select
        *,
        sum(customers) over (
            partition by
                monetary_cell,
                frequency_cell
            order by segment_rank desc
        ) as customers_below,
        cast(sum(customers) over (
            partition by
                monetary_cell,
                frequency_cell
        ) as double) as customers_together
    from cells
)

select
    segment,
    cast(customers as bigint) as customers,
    (customers_below - customers) / customers_together as part_from,
    customers_below / customers_together as part_to,
    cast($monetary_from + monetary_cell * $monetary_step as double) as monetary_from,
    cast($monetary_from + (monetary_cell + 1) * $monetary_step as double) as monetary_below,
    $frequency_from + frequency_cell * $frequency_step as frequency_from,
    $frequency_from + (frequency_cell + 1) * $frequency_step - 1 as frequency_to
from shared
order by
    segment_rank,
    monetary_cell,
    frequency_cell
