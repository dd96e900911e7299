-- segments_internal.transactions, where the end of the time that counts is known
-- Grain:  one row for each row of the user's table that passes the row filter and lies after
--         $as_of - $window, up to and with $as_of.
-- Source: the user's own table, view or files ($source), read live and never copied.
-- Units:  amount in the table's currency, refunds negative; ordered_at without time zone.
-- The attributes that a fit names follow.
-- $moment is the date as it stands where it can be compared with a time, for an index to serve.
-- Columns that the user's table does not have are NULL.
select
    $customer as customer_id,
    $order as order_id,
    cast($amount as double) as amount,
    cast($date as timestamp) as ordered_at,
    $source_attributes
from $source as user_table
where
    $row_filter
    and $moment <= $as_of
    and $moment > coalesce($as_of - $window, timestamp '0001-01-01')
