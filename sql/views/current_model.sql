-- segments.current_model
-- Grain:  one row: the model that the live views and the functions follow.
-- Source: segments.models and segments_internal.models.
-- notes are of the result, most important first; one row each:
--     select unnest(cast(notes as struct(code varchar, message varchar)[]), recursive := true)
--     from segments.current_model
-- outvoted_customers are training customers whom the classifier puts outside their block,
-- raised_customers those whom it puts above their neighbours' vote, so that more never demotes.
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
    models.warnings,
    models.notes,
    versions.outvoted_customers,
    versions.raised_customers
from segments.models
inner join segments_internal.models as versions
    on models.model_id = versions.model_id
where models.is_current
