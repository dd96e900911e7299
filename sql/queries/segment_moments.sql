-- Sums over the training customers of each block, from which their spread follows exactly.
-- Grain:  one row for each block of $model_id.
-- Source: segments_internal.model_points, or points of the same shape with other blocks.
-- Units:  whole cents; sums have 128 bits.
with

points as (
    select
        segment,
        cast(customers as hugeint) as customers,
        cast(round(monetary * 100) as hugeint) as cents,
        cast(frequency as hugeint) as frequency
    from segments_internal.model_points
    where model_id = $model_id
),

final as (
    select
        segment,
        sum(customers) as customers,
        sum(customers * cents) as cents,
        sum(customers * frequency) as frequency,
        sum(customers * cents * cents) as squared_cents,
        sum(customers * frequency * frequency) as squared_frequency
    from points
    group by segment
)

select
    customers,
    cents,
    frequency,
    squared_cents,
    squared_frequency
from final
