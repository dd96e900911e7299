-- segments.models
-- Grain:  one row for each model version; each fit is one.
-- Source: segments_internal.models, which has more columns, and segments_internal.model_segments.
-- segments lists them from the highest value down, each with its share of the customers that the
-- model learned from. The live views and the functions follow the version that is current.
-- Units:  customers are all of them, whales and customers without an order included.
with

shares as (
    select
        model_segments.model_id,
        model_segments.segment_rank,
        model_segments.segment,
        cast(round(100.0 * model_segments.customers / models.training_customers) as bigint)
            as customer_share
    from segments_internal.model_segments
    inner join segments_internal.models
        on model_segments.model_id = models.model_id
),

listed as (
    select
        model_id,
        string_agg(segment || ' ' || customer_share || ' %', ', ' order by segment_rank) as segments
    from shares
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
    models.source ->> 'unit' as unit,
    models.customers,
    listed.segments,
    models.settings,
    models.warnings,
    models.notes
from segments_internal.models
inner join listed
    on models.model_id = listed.model_id
order by models.model_id
