-- The segments of the report by attribute: of the commonest values, and of all others together.
-- Grain:  one row for each attribute, value and segment that somebody is in. attribute_value is
--         NULL of the others: values of fewer than $least customers, which could name somebody, all
--         beyond the first $most, and customers of whom none is known.
-- Source: $customers, the snapshot or the live view.
-- Units:  money in the table's currency; shares from 0 to 1, of the customers with the value and of
--         what they brought.
with

paired as (
    select
        segment,
        segment_rank,
        monetary,
        frequency,
        cast(round(monetary * 100) as bigint) as cents,
        unnest([$attribute_pairs]) as pair
    from $customers
    where segment is not null
),

labelled as (
    select
        segment,
        segment_rank,
        monetary,
        frequency,
        cents,
        struct_extract(pair, 'attribute') as attribute, -- noqa: RF04
        struct_extract(pair, 'attribute_value') as attribute_value
    from paired
),

counted as (
    select
        attribute,
        attribute_value,
        count(*) as customers
    from labelled
    where attribute_value is not null
    group by
        attribute,
        attribute_value
),

ranked as (
    select
        *,
        row_number() over (
            partition by attribute
            order by
                customers desc,
                attribute_value asc
        ) as place
    from counted
),

shown as (
    select *
    from ranked
    where
        customers >= $least
        and place <= $most
),

grouped as (
    select
        labelled.attribute,
        shown.attribute_value,
        shown.place,
        labelled.segment,
        labelled.segment_rank,
        count(*) as customers,
        sum(labelled.cents) as cents,
        quantile_cont(labelled.monetary, 0.5) as median_monetary,
        sum(labelled.frequency) / cast(count(*) as double) as mean_frequency,
        quantile_cont(cast(labelled.frequency as double), 0.5) as median_frequency
    from labelled
    left join shown
        on
            labelled.attribute = shown.attribute
            and labelled.attribute_value = shown.attribute_value
    group by
        labelled.attribute,
        shown.attribute_value,
        shown.place,
        labelled.segment,
        labelled.segment_rank
)

select
    attribute,
    attribute_value,
    segment,
    customers,
    customers
    / cast(sum(customers) over (partition by attribute, attribute_value) as double)
        as share_of_customers,
    cents / 100.0 as revenue,
    cents
    / nullif(cast(sum(cents) over (partition by attribute, attribute_value) as double), 0)
        as share_of_revenue,
    cents / 100.0 / customers as mean_monetary,
    median_monetary,
    mean_frequency,
    median_frequency
from grouped
order by
    attribute asc,
    place asc nulls last,
    segment_rank asc
