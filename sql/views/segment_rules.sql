-- segments.segment_rules
-- Grain:  one row for each rectangle of the current model. Each profile lies in exactly one.
-- Source: segments_internal.model_rules.
-- Read a row as: customers with frequency_from to frequency_to orders (both included) and a
-- monetary from monetary_from up to, but not with, monetary_below are in the segment. The outermost
-- rectangles are open: infinity in monetary, the largest BIGINT in frequency.
-- Units:  money in whole cents of the table's currency; frequency in orders.
with

current_model as (
    select model_id
    from segments_internal.models
    where is_current
),

final as (
    select
        model_rules.frequency_from,
        model_rules.frequency_to,
        model_rules.monetary_from,
        model_rules.monetary_below,
        model_segments.segment,
        model_segments.segment_rank
    from segments_internal.model_rules
    inner join current_model
        on model_rules.model_id = current_model.model_id
    inner join segments_internal.model_segments
        on
            model_rules.model_id = model_segments.model_id
            and model_rules.segment = model_segments.segment
)

select * from final
