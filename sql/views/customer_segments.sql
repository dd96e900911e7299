-- segments.customer_segments
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile under the current model, live: a new transaction moves its
--         customer without a refit. Pure SQL; no Python takes part.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value. Days
--         are calendar days up to the newest order of all; lifecycle is new (first order at most
--         active_days ago), active (last order at most active_days ago), lapsing (at most
--         lapsed_days ago) or lapsed, and NULL without a date column or without an order.
with

customer_profile as (
    select * from segments.customer_profile
),

current_model as (
    select
        model_id,
        monetary_cut,
        frequency_cut,
        active_days,
        lapsed_days
    from segments.models
    where is_current
),

newest as (
    select cast($newest_order as date) as today
),

classified as (
    select
        customer_profile.*,
        classify_segment(
            customer_profile.monetary, cast(customer_profile.frequency as double)
        ) as segment
    from customer_profile
),

dated as (
    select
        classified.customer_id,
        classified.monetary,
        classified.frequency,
        classified.first_order_at,
        classified.last_order_at,
        coalesce(classified.monetary > current_model.monetary_cut, false)
        or coalesce(classified.frequency > current_model.frequency_cut, false) as is_whale,
        classified.segment,
        model_segments.segment_rank,
        current_model.active_days,
        current_model.lapsed_days,
        date_diff('day', cast(classified.first_order_at as date), newest.today)
            as days_since_first_order,
        date_diff('day', cast(classified.last_order_at as date), newest.today)
            as days_since_last_order
    from classified
    cross join current_model
    cross join newest
    left join segments.model_segments
        on
            current_model.model_id = model_segments.model_id
            and classified.segment = model_segments.segment
),

final as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        segment,
        segment_rank,
        days_since_last_order,
        case
            when days_since_first_order <= active_days then 'new'
            when days_since_last_order <= active_days then 'active'
            when days_since_last_order <= lapsed_days then 'lapsing'
            when days_since_last_order > lapsed_days then 'lapsed'
        end as lifecycle
    from dated
)

select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    segment,
    segment_rank,
    days_since_last_order,
    lifecycle
from final
