-- segments_internal.customers_classified
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile under the function classify_segment, live. No Python takes
--         part.
-- Units:  money in the table's currency.
with

customer_profile as (
    select * from segments.customer_profile
)

select
    customer_profile.customer_id,
    customer_profile.monetary,
    customer_profile.frequency,
    customer_profile.first_order_at,
    customer_profile.last_order_at,
    classify_segment(
        customer_profile.monetary, cast(customer_profile.frequency as double)
    ) as segment,
    $attributes -- noqa: RF02, RF03
from customer_profile
