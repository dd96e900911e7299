-- How many customers have several values of each attribute, of which the latest counts.
-- Grain:  one row.
-- Source: segments_internal.transactions.
with

by_customer as (
    select
        customer_id,
        $differing_attributes
    from segments_internal.transactions
    where
        customer_id is not null
        and amount between -$max_amount and $max_amount
    group by customer_id
)

select $counted_attributes
from by_customer
