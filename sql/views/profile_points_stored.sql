-- segments_internal.profile_points, where the points came from a data frame of a Python session
-- Grain:  one row for each distinct (monetary, frequency).
-- Source: segments_internal.model_points of the current model. NOT live: the frame ended with its
--         session.
-- Units:  monetary in whole cents of the table's currency; frequency in orders.
select
    model_points.monetary,
    model_points.frequency,
    model_points.customers
from segments_internal.model_points
inner join segments_internal.models
    on model_points.model_id = models.model_id
where models.is_current
