-- The versions of the model, as `segmenter models` lists them.
-- Grain:  one row for each version.
-- Source: segments.models with its segments and rules; relation and condition are what the fit was
--         given.
with

shares as (
    select
        model_segments.model_id,
        model_segments.segment_rank,
        model_segments.segment,
        cast(round(100.0 * model_segments.customers / models.training_customers) as bigint)
            as customer_share
    from segments.model_segments
    inner join segments.models
        on model_segments.model_id = models.model_id
),

segments as (
    select
        model_id,
        string_agg(segment || ' ' || customer_share || ' %', ', ' order by segment_rank) as segments
    from shares
    group by model_id
),

rules as (
    select
        model_id,
        count(*) as rules
    from segments.model_rules
    group by model_id
)

select
    models.model_id,
    models.is_current,
    models.fitted_at,
    coalesce(
        models.source ->> 'transactions', models.source ->> 'profile', models.source ->> 'points'
    ) as relation,
    models.source ->> 'where' as condition,
    models.customers,
    models.training_customers,
    rules.rules,
    segments.segments,
    models.settings
from segments.models
inner join segments
    on models.model_id = segments.model_id
inner join rules
    on models.model_id = rules.model_id
order by models.model_id
