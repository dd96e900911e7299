-- Whether the lines of orders add up to a total that is repeated on each of them.
-- Grain:  one row.
-- Source: the user's rows ($source) that meet $row_filter; of many orders one in $portions.
with orders as (
    select
        $order as order_id,
        max(cast($total as double)) as total,
        sum(cast($line as double)) as lines_sum
    from $source as user_table
    where $row_filter and $order is not null and mod(hash($order), $portions) = 0
    group by $order
)

select
    count(*) as orders,
    count(case when abs(total - lines_sum) < 0.02 then 1 end) as equal
from orders
