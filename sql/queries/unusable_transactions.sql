-- The first row whose amount cannot be summed: NaN, infinite or too large to be exact.
select
    customer_id,
    order_id,
    amount,
    ordered_at
from segments_internal.transactions
where not amount between -$max_amount and $max_amount
order by
    ordered_at,
    customer_id,
    order_id
limit 1
