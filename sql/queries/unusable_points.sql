-- The first point that cannot be used: a value that is no number, infinite or out of range.
with

given as (
    select
        cast($monetary as double) as monetary,
        cast($frequency as double) as frequency,
        cast($customers as double) as customers
    from $source as user_table
    where $row_filter
)

select
    monetary,
    frequency,
    customers
from given
where
    coalesce(not monetary between -$max_amount and $max_amount, true)
    or coalesce(not frequency between 0 and $max_frequency, true)
    or coalesce(not customers >= 1, true)
    or customers <> floor(customers)
order by
    monetary,
    frequency
limit 1
