-- The map of customers: how many there are in each cell of monetary x frequency.
-- Grain:  one row for each cell and segment that somebody is in.
-- Source: $profiles (see report_profiles).
-- Cells are equally wide on logarithmic axes, so many of them from 1 to 10 as $monetary_cells and
-- $frequency_cells say. A cell of frequency holds whole numbers, so its edges lie half way between
-- two. Customers with no order, or with less than $lowest, cannot stand on such an axis; they get a
-- cell of their own at the edge.
-- Where a boundary runs through a cell, each segment has the part of its height, from part_from to
-- part_to, that is its share of the customers in it, the higher segment above.
-- Units:  money in the table's currency; frequency in orders.
with

placed as (
    select
        segment,
        segment_rank,
        customers,
        cents,
        case
            when monetary >= $lowest
                then cast(floor(log10(monetary) * $monetary_cells + 1e-9) as bigint)
        end as monetary_cell,
        case
            when frequency >= 1
                then cast(floor(log10(frequency) * $frequency_cells + 1e-9) as bigint)
        end as frequency_cell
    from $profiles
),

cells as (
    select
        segment,
        segment_rank,
        monetary_cell,
        frequency_cell,
        sum(customers) as customers,
        sum(cast(cents as hugeint) * customers) as cents
    from placed
    group by
        segment,
        segment_rank,
        monetary_cell,
        frequency_cell
),

shared as (
    select
        *,
        sum(customers) over (
            partition by
                monetary_cell,
                frequency_cell
            order by segment_rank desc
        ) as customers_below,
        cast(sum(customers) over (
            partition by
                monetary_cell,
                frequency_cell
        ) as double) as customers_together
    from cells
)

select
    segment,
    cast(customers as bigint) as customers,
    cents / 100.0 as revenue,
    (customers_below - customers) / customers_together as part_from,
    customers_below / customers_together as part_to,
    pow(10, monetary_cell / cast($monetary_cells as double)) as monetary_from,
    pow(10, (monetary_cell + 1) / cast($monetary_cells as double)) as monetary_below,
    cast(ceil(pow(10, frequency_cell / cast($frequency_cells as double)) - 1e-9) as bigint)
        as frequency_from,
    cast(
        ceil(pow(10, (frequency_cell + 1) / cast($frequency_cells as double)) - 1e-9) as bigint
    ) - 1
        as frequency_to
from shared
order by
    segment_rank,
    monetary_cell,
    frequency_cell
