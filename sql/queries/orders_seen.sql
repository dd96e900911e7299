-- Whether an amount is one of lines or of whole orders, and whether orders have one customer each.
-- Grain:  one row.
-- Source: the user's rows ($source) that meet $row_filter; of many orders one in $portions.
-- Units:  amounts as the user's table has them.
with lines as (
    select
        $order as order_id,
        $customer as customer_id,
        cast($amount as double) as amount
    from $source as user_table
    where $row_filter
),

orders as (
    select
        lines.order_id,
        count(*) as line_count,
        count(nullif(lines.amount, 0)) as amounts,
        count(distinct lines.amount) as different_amounts,
        max(lines.amount) as largest,
        sum(lines.amount) as total,
        count(distinct lines.customer_id) as customers,
        count(*) - count(lines.customer_id) as lines_without_customer,
        sum(case when lines.customer_id is null then abs(lines.amount) else 0 end) as nobodys
    from lines
    where lines.order_id is not null and mod(hash(lines.order_id), $portions) = 0
    group by lines.order_id
)

select
    count(*) as orders,
    coalesce(sum(line_count), 0) as line_count,
    count(case when line_count > 1 then 1 end) as with_lines,
    count(case when line_count > 1 and amounts = 1 then 1 end) as on_one_line,
    count(case when line_count > 1 and amounts = line_count and different_amounts = 1 then 1 end)
        as repeated,
    count(case when amounts > 2 then 1 end) as with_amounts,
    count(case when amounts > 2 and largest >= 0.49999 * total then 1 end) as with_their_sum,
    count(case when customers > 1 then 1 end) as of_several_customers,
    coalesce(sum(case when customers > 0 and lines_without_customer > 0 then nobodys else 0 end), 0)
        as lost
from orders
