-- segments.customer_segments
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile under the current model, live: a new transaction moves its
--         customer without a refit. Pure SQL; no Python takes part.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value.
with

customer_profile as (
    select * from segments.customer_profile
),

current_model as (
    select
        model_id,
        monetary_cut,
        frequency_cut
    from segments.models
    where is_current
),

classified as (
    select
        customer_profile.*,
        classify_segment(
            customer_profile.monetary, cast(customer_profile.frequency as double)
        ) as segment
    from customer_profile
),

final as (
    select
        classified.customer_id,
        classified.monetary,
        classified.frequency,
        classified.first_order_at,
        classified.last_order_at,
        coalesce(classified.monetary > current_model.monetary_cut, false)
        or coalesce(classified.frequency > current_model.frequency_cut, false) as is_whale,
        classified.segment,
        model_segments.segment_rank
    from classified
    cross join current_model
    left join segments.model_segments
        on
            current_model.model_id = model_segments.model_id
            and classified.segment = model_segments.segment
)

select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    segment,
    segment_rank
from final
