-- The versions of the model, as `segmenter models` lists them.
-- Grain:  one row for each version.
-- Source: segments.models, with what the model learned from and the number of its rules.
with

rules as (
    select
        model_id,
        count(*) as rules
    from segments_internal.model_rules
    group by model_id
)

select
    models.model_id,
    models.is_current,
    models.fitted_at,
    models.relation,
    models.condition,
    versions.source ->> 'unit' as unit,
    models.customers,
    versions.training_customers,
    rules.rules,
    models.segments,
    models.settings
from segments.models
inner join segments_internal.models as versions
    on models.model_id = versions.model_id
inner join rules
    on models.model_id = rules.model_id
order by models.model_id
