-- segments_internal.transactions
-- Grain:  one row for each row of the user's table that passes the row filter.
-- Source: the user's own table, view or files ($source), read live and never copied.
-- Units:  amount in the table's currency, refunds negative; ordered_at without time zone.
-- Columns that the user's table does not have are NULL. The attributes that a fit names follow.
select
    $customer as customer_id,
    $order as order_id,
    cast($amount as double) as amount,
    cast($date as timestamp) as ordered_at,
    $source_attributes
from $source as user_table
where $row_filter
