-- segments.segment_attributes
-- Grain:  one row for each attribute that the fit names, each of its values, and each segment that
--         a customer with this value is in. Only where the fit names attributes.
-- Source: segments.customer_segments, live. One model for all: the segments are the same whatever
--         the value.
-- attribute_value is a text whatever the column's type, and NULL of customers of whom none is
-- known.
-- Units:  money in the table's currency; share_of_customers and share_of_revenue are of the
--         customers with this value, and of what they brought, from 0 to 1: how the segments are
--         mixed there.
with

customer_segments as (
    select * from segments.customer_segments
),

paired as (
    select
        segment,
        segment_rank,
        cast(round(monetary * 100) as bigint) as cents,
        unnest([$attribute_pairs]) as pair
    from customer_segments
),

labelled as (
    select
        segment,
        segment_rank,
        cents,
        struct_extract(pair, 'attribute') as attribute, -- noqa: RF04
        struct_extract(pair, 'attribute_value') as attribute_value
    from paired
),

by_segment as (
    select
        attribute,
        attribute_value,
        segment,
        segment_rank,
        count(*) as customers,
        sum(cents) as cents
    from labelled
    group by
        attribute,
        attribute_value,
        segment,
        segment_rank
),

final as (
    select
        attribute,
        attribute_value,
        segment,
        segment_rank,
        customers,
        customers / cast(
            sum(customers) over (partition by attribute, attribute_value) as double
        ) as share_of_customers,
        cents / 100.0 as revenue,
        cents / nullif(
            cast(sum(cents) over (partition by attribute, attribute_value) as double), 0
        ) as share_of_revenue
    from by_segment
)

select * from final
order by
    attribute asc,
    attribute_value asc nulls last,
    segment_rank asc
