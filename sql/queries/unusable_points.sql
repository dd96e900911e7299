-- The first point that cannot be used: a value that is no number, infinite or out of range, or a
-- number of customers that is not whole. Where all can be used but there are more customers than
-- sums are exact for, the first point.
with

given as (
    select
        cast($monetary as double) as monetary,
        cast($frequency as double) as frequency,
        cast($customers as double) as customers
    from $source as user_table
    where $row_filter
),

checked as (
    select
        *,
        coalesce(
            monetary between -$max_amount and $max_amount
            and frequency between 0 and $max_frequency
            and customers between 1 and $max_customers
            and customers = floor(customers),
            false
        ) as is_usable
    from given
),

total as (
    select
        sum(case when is_usable then customers end) as customers,
        sum(case when is_usable then customers end) > $max_customers as is_too_large
    from checked
)

select
    checked.monetary,
    checked.frequency,
    checked.customers,
    total.customers as all_customers
from checked
cross join total
where
    not checked.is_usable
    or total.is_too_large
order by
    checked.is_usable,
    checked.monetary,
    checked.frequency
limit 1
