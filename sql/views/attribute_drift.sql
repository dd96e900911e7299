-- segments.attribute_drift
-- Grain:  one row for each attribute that the fit names and value that at least five customers had
--         at the fit; attribute_value is NULL of all others together. Only where the fit names
--         attributes.
-- Source: segments_internal.model_attributes and segments.customer_segments, live.
-- Whether the customers come from elsewhere than at the fit. The rules do not look at attributes,
-- so that this recommends no refit: it may say why segments.drift does. attribute_index is the
-- population stability index of the attribute, is_drifted whether it is above 0.2, as there.
-- Units:  shares of all customers, from 0 to 1. stability_index is the value's part of the index,
--         (q - p) * ln(q / p), with half a customer added to each value of both sides.
with

customer_segments as (
    select * from segments.customer_segments
),

fitted as (
    select
        model_attributes.attribute,
        model_attributes.attribute_value,
        model_attributes.customers as customers_at_fit
    from segments_internal.model_attributes
    inner join segments_internal.models
        on model_attributes.model_id = models.model_id
    where models.is_current
),

paired as (
    select unnest([$attribute_pairs]) as pair
    from customer_segments
),

live_values as (
    select
        struct_extract(pair, 'attribute') as attribute, -- noqa: RF04
        struct_extract(pair, 'attribute_value') as attribute_value,
        count(*) as customers
    from paired
    group by
        struct_extract(pair, 'attribute'),
        struct_extract(pair, 'attribute_value')
),

live_counts as (
    select
        live_values.attribute,
        fitted.attribute_value,
        sum(live_values.customers) as customers
    from live_values
    left join fitted
        on
            live_values.attribute = fitted.attribute
            and live_values.attribute_value = fitted.attribute_value
    group by
        live_values.attribute,
        fitted.attribute_value
),

compared as (
    select
        fitted.attribute,
        fitted.attribute_value,
        fitted.customers_at_fit,
        cast(coalesce(live_counts.customers, 0) as bigint) as customers,
        cast(sum(fitted.customers_at_fit) over attributes as double) as all_at_fit,
        cast(sum(coalesce(live_counts.customers, 0)) over attributes as double) as all_customers,
        count(*) over attributes as bins
    from fitted
    left join live_counts
        on
            fitted.attribute = live_counts.attribute
            and fitted.attribute_value is not distinct from live_counts.attribute_value
    window attributes as (partition by fitted.attribute)
),

corrected as (
    select
        *,
        (customers_at_fit + 0.5) / (all_at_fit + 0.5 * bins) as p,
        (customers + 0.5) / (all_customers + 0.5 * bins) as q
    from compared
),

indexed as (
    select
        *,
        case when all_customers > 0 then (q - p) * ln(q / p) end as stability_index
    from corrected
),

final as (
    select
        attribute,
        attribute_value,
        customers_at_fit,
        customers_at_fit / nullif(all_at_fit, 0) as share_at_fit,
        customers,
        customers / nullif(all_customers, 0) as share_of_customers,
        stability_index,
        sum(stability_index order by attribute_value) over (partition by attribute)
            as attribute_index
    from indexed
)

select
    *,
    attribute_index > 0.2 as is_drifted
from final
order by
    attribute asc,
    customers_at_fit desc,
    attribute_value asc nulls last
