-- segments.whales
-- Grain:  one row for each whale: a customer above a cut of the current model.
-- Source: segments.customer_segments, live.
-- Whales were left out of training, so that a few giants do not pull the segments apart; they are
-- classified like everybody else.
-- Units:  money in the table's currency; share_of_revenue is of identified revenue, that of known
--         customers, from 0 to 1.
with

customer_segments as (
    select * from segments.customer_segments
),

current_model as (
    select
        monetary_cut,
        frequency_cut
    from segments.models
    where is_current
),

total as (
    select sum(cast(round(monetary * 100) as bigint)) as cents
    from customer_segments
),

final as (
    select
        customer_segments.customer_id,
        customer_segments.monetary,
        customer_segments.frequency,
        coalesce(customer_segments.monetary > current_model.monetary_cut, false)
            as is_above_monetary,
        coalesce(customer_segments.frequency > current_model.frequency_cut, false)
            as is_above_frequency,
        customer_segments.segment,
        customer_segments.segment_rank,
        round(customer_segments.monetary * 100)
        / nullif(cast(total.cents as double), 0) as share_of_revenue
    from customer_segments
    cross join current_model
    cross join total
    where customer_segments.is_whale
)

select
    customer_id,
    monetary,
    frequency,
    is_above_monetary,
    is_above_frequency,
    segment,
    segment_rank,
    share_of_revenue
from final
order by
    monetary desc,
    customer_id asc
