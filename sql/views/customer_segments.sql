-- segments.customer_segments
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile under the current model, live: a new transaction moves its
--         customer without a refit. Pure SQL; no Python takes part.
-- Whales are above a cut of the model, of monetary or of frequency. They were left out of training,
-- so that a few giants do not pull the segments apart, and are classified like everybody else.
-- Units:  money in the table's currency; segment_rank 1 is the segment of the highest value. Days
--         are calendar days up to the newest order of all; lifecycle is new (first order at most
--         active_days ago), active (last order at most active_days ago), lapsing (at most
--         lapsed_days ago) or lapsed, and NULL without a date column or without an order;
--         lifecycle_rank is 1 to 4 in this order. The attributes that the fit names come last, as
--         segments.customer_profile has them.
with

customers_classified as (
    select * from segments_internal.customers_classified
),

current_model as (
    select
        model_id,
        monetary_cut,
        frequency_cut,
        active_days,
        lapsed_days
    from segments_internal.models
    where is_current
),

newest as (
    select cast($newest_order as date) as today
),

flagged as (
    select
        customers_classified.*,
        current_model.model_id,
        current_model.active_days,
        current_model.lapsed_days,
        coalesce(customers_classified.monetary > current_model.monetary_cut, false)
            as is_above_monetary,
        coalesce(customers_classified.frequency > current_model.frequency_cut, false)
            as is_above_frequency
    from customers_classified
    cross join current_model
),

dated as (
    select
        flagged.customer_id,
        flagged.monetary,
        flagged.frequency,
        flagged.first_order_at,
        flagged.last_order_at,
        flagged.is_above_monetary or flagged.is_above_frequency as is_whale,
        flagged.is_above_monetary,
        flagged.is_above_frequency,
        flagged.segment,
        model_segments.segment_rank,
        flagged.active_days,
        flagged.lapsed_days,
        date_diff('day', cast(flagged.first_order_at as date), newest.today)
            as days_since_first_order,
        date_diff('day', cast(flagged.last_order_at as date), newest.today)
            as days_since_last_order,
        $attributes -- noqa: RF02
    from flagged
    cross join newest
    left join segments_internal.model_segments
        on
            flagged.model_id = model_segments.model_id
            and flagged.segment = model_segments.segment
),

aged as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        is_above_monetary,
        is_above_frequency,
        segment,
        segment_rank,
        days_since_last_order,
        case
            when days_since_first_order <= active_days then 'new'
            when days_since_last_order <= active_days then 'active'
            when days_since_last_order <= lapsed_days then 'lapsing'
            when days_since_last_order > lapsed_days then 'lapsed'
        end as lifecycle,
        $attributes
    from dated
),

final as (
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        is_above_monetary,
        is_above_frequency,
        segment,
        segment_rank,
        days_since_last_order,
        lifecycle,
        case lifecycle
            when 'new' then 1
            when 'active' then 2
            when 'lapsing' then 3
            when 'lapsed' then 4
        end as lifecycle_rank,
        $attributes
    from aged
)

select * from final
