-- The check sums of segments.snapshot_buckets, of the transactions as they are now.
-- Grain:  one row for each bucket that has a transaction.
-- Source: segments.transactions, one scan. A sum, so the order of rows does not matter; a row that
--         was added, removed, changed or has left the time window does.
select
    hash(customer_id) % $buckets as bucket,
    count(*) as source_rows,
    sum(hash(customer_id, order_id, amount, ordered_at)) as check_sum
from segments.transactions
where customer_id is not null
group by hash(customer_id) % $buckets
