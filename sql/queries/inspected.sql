-- What a source adds up to: shown before anything is fitted.
-- Grain:  one row.
-- Source: the user's rows ($source) that meet $row_filter.
-- Units:  the amounts of the user's table.
select
    count(*) as rows_read,
    $different_customers as customers,
    $different_orders as orders,
    count(*) - count($customer) as rows_without_customer,
    cast(sum(case when $customer is null then cast($amount as decimal(28, 4)) end) as double)
        as revenue_without_customer,
    cast(sum(cast($amount as decimal(28, 4))) as double) as revenue,
    count(case when $amount <> 0 and abs($amount) < 0.00005 then 1 end) as rows_rounded_to_zero,
    count(case when $amount <> 0 then 1 end) as rows_with_money,
    min(cast($date as timestamp)) as first_day,
    max(cast($date as timestamp)) as last_day
from $source as user_table
where $row_filter
