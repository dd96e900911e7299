-- How many of the customers on the list of those to be excluded there are in the source.
-- Grain:  one row.
-- Source: the list ($exclude) and the user's own rows ($source). Those that are not found are
--         looked for once more without regard to capitals and spaces around them.
with

listed as (
    select distinct
        $listed_customer as customer_id,
        lower(trim(cast($listed_customer as varchar))) as folded
    from $exclude as excluded -- noqa: AL05
    where $listed_customer is not null
),

present as (
    select distinct
        $customer as customer_id,
        lower(trim(cast($customer as varchar))) as folded
    from $source as user_table
    where lower(trim(cast($customer as varchar))) in (select listed.folded from listed)
),

compared as (
    select
        listed.customer_id,
        max(case when listed.customer_id = present.customer_id then 1 else 0 end) as is_found,
        min(present.customer_id) as alike
    from listed
    left join present
        on listed.folded = present.folded
    group by listed.customer_id
)

select
    count(*) as listed,
    coalesce(sum(is_found), 0) as found,
    count(case when is_found = 0 and alike is not null then 1 end) as alike,
    min(case when is_found = 0 then cast(customer_id as varchar) end) as missing_example,
    min(case when is_found = 0 and alike is not null then cast(customer_id as varchar) end)
        as listed_example,
    arg_min(alike, customer_id) filter (where is_found = 0 and alike is not null)
        as present_example
from compared
