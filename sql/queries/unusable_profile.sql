-- The first profile that cannot be used: a value that is no number, infinite or out of range, or a
-- customer with more than one row.
with

given as (
    select
        $customer as customer_id,
        cast($monetary as double) as monetary,
        cast($frequency as double) as frequency
    from $source as user_table
    where $row_filter
),

checked as (
    select
        *,
        count(*) over (partition by customer_id) as rows_of_customer
    from given
    where customer_id is not null
)

select
    customer_id,
    monetary,
    frequency,
    rows_of_customer
from checked
where
    rows_of_customer > 1
    or coalesce(not monetary between -$max_amount and $max_amount, true)
    or coalesce(not frequency between 0 and $max_frequency, true)
order by customer_id
limit 1
