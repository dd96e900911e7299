-- The training points of one level of the recursion.
-- Grain:  one row for each point of the segments in $block.
-- Source: segments_internal.model_points of the current model.
-- Units:  monetary in the table's currency; frequency in orders.
select
    model_points.monetary,
    model_points.frequency,
    model_points.customers
from segments_internal.model_points
inner join segments_internal.models
    on model_points.model_id = models.model_id
where
    models.is_current
    and list_contains($block, model_points.segment) -- noqa: RF02
