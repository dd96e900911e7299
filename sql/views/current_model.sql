-- segments.current_model
-- Grain:  one row: the model that the live views and the functions follow.
-- Source: segments.models and segments_internal.models.
-- Units:  cuts in the table's currency and in orders; days of the lifecycle.
select
    models.model_id,
    models.fitted_at,
    models.relation,
    models.condition,
    models.customers,
    models.segments,
    versions.monetary_cut,
    versions.frequency_cut,
    versions.active_days,
    versions.lapsed_days,
    models.settings,
    models.warnings
from segments.models
inner join segments_internal.models as versions
    on models.model_id = versions.model_id
where models.is_current
