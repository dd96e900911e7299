-- segments.segment_lines
-- Grain:  one row for each split of the current model: the straight line between its two parts.
-- Source: segments_internal.model_splits.
-- A customer is in the higher part where monetary + order_worth * frequency reaches the threshold
-- (of blocks that were split at once, above the next one below); the classifier, a vote of
-- neighbours, puts outvoted_share of the training customers elsewhere. Of a model with
-- scale = 'log' the line is straight in logarithms: where monetary * frequency ^ order_power
-- reaches the threshold.
-- gap_index is how dense customers are between the two segments beside the line, over the lower of
-- the two peaks: 1 where the line cuts a crowd, 0 where nobody stands.
-- Units:  order_worth and threshold in the table's currency; where orders alone decide, order_worth
--         and order_power are NULL and the threshold is a number of orders. Without consolidation
--         all are NULL.
with

splits as (
    select
        model_splits.*,
        model_splits.frequency_weight / nullif(model_splits.monetary_weight, 0) as weight,
        models.outvoted_customers / models.training_customers as outvoted_share,
        -- no function of the JSON extension, which a browser would have to load from elsewhere
        coalesce(cast(models.settings as varchar) like '%"scale": "log"%', false) as is_logarithmic,
        coalesce(cast(models.settings as varchar) like '%"consolidate": true%', false)
            as is_consolidated
    from segments_internal.model_splits
    inner join segments_internal.models
        on model_splits.model_id = models.model_id
    where models.is_current
),

lines as (
    select
        level,
        array_to_string(higher_segments, ', ') as higher_segments,
        array_to_string(lower_segments, ', ') as lower_segments,
        method,
        case when not is_logarithmic then weight end as order_worth,
        case when is_logarithmic then weight end as order_power,
        case when is_logarithmic then exp(threshold) else threshold end as threshold,
        gap_index,
        outvoted_share,
        is_consolidated
    from splits
)

select
    level,
    higher_segments,
    lower_segments,
    method,
    order_worth,
    order_power,
    threshold,
    gap_index,
    outvoted_share,
    case
        when threshold is null and is_consolidated
            then 'The version that fitted this model kept no lines: fit again.'
        when threshold is null then 'There is no line: the blocks were not consolidated.'
        when order_worth is null and order_power is null
            then higher_segments || ': from ' || format('{:,.1f}', threshold) || ' orders.'
        when order_worth = 0 or order_power = 0
            then higher_segments || ': from ' || format('{:,.2f}', threshold) || ' spent.'
        when order_power > 50
            then
                higher_segments || ': from at most '
                || format('{:,.1f}', pow(threshold, 1 / order_power))
                || ' orders, and hardly less whatever is spent.'
        when order_power is not null
            then
                'Twice the orders count as much as ' || format('{:,.2f}', pow(2.0, order_power))
                || ' times the money; ' || higher_segments || ': from '
                || format('{:,.2f}', threshold) || ' spent in one order, and less in several.'
        else
            'One order counts as much as ' || format('{:,.2f}', order_worth) || ' spent; '
            || higher_segments || ': from ' || format('{:,.2f}', threshold) || ' of both together.'
    end as message
from lines
order by level
