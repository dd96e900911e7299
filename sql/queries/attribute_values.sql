-- How many customers have each value of the attributes, for segments_internal.model_attributes.
-- Grain:  one row for each attribute and value that at least five customers have, and one without a
--         value for all others.
-- Source: $customers, the profiles that were just added up.
with

paired as (
    select unnest([$attribute_pairs]) as pair
    from $customers
),

labelled as (
    select
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
    group by
        attribute,
        attribute_value
),

grouped as (
    select
        attribute,
        case when customers >= 5 then attribute_value end as attribute_value,
        customers
    from counted
    union all
    select distinct
        attribute,
        cast(null as varchar) as attribute_value,
        0 as customers
    from counted
)

select
    cast($model_id as integer) as model_id,
    attribute,
    attribute_value,
    cast(sum(customers) as bigint) as customers
from grouped
group by
    attribute,
    attribute_value
