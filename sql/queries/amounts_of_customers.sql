-- Whether an amount is one of customers and not of their orders: then all of them have the same.
-- Grain:  one row.
-- Source: the user's rows ($source) that meet $row_filter; of many customers one in $portions.
-- Units:  amounts as the user's table has them.
with lines as (
    select
        $order as order_id,
        $customer as customer_id,
        cast($amount as double) as amount
    from $source as user_table
    where $row_filter
),

customers as (
    select
        lines.customer_id,
        min(lines.amount) as amount,
        count(distinct lines.amount) as different_amounts
    from lines
    where
        lines.customer_id is not null
        and lines.amount <> 0
        and mod(hash(lines.customer_id), $portions) = 0
    group by lines.customer_id
    having count(distinct lines.order_id) > 1
)

select
    count(*) as customers,
    count(case when different_amounts = 1 then 1 end) as with_one_amount,
    count(distinct amount) as different_amounts
from customers
