-- The check sums of segments_internal.snapshot_buckets, of the transactions as they are now.
-- Grain:  one row for each bucket that has a transaction.
-- Source: segments_internal.transactions, one scan. A sum, so the order of rows does not matter; a
--         row that
--         was added, removed, changed or has left the time window does, and a date that is in the
--         future no more.
select
    hash(customer_id) % $buckets as bucket,
    count(*) as source_rows,
    sum(
        hash(
            customer_id,
            order_id,
            amount,
            case
                when ordered_at <= make_timestamp(epoch_us(current_timestamp)) + interval 1 day
                    then ordered_at
            end,
            $attributes
        )
    ) as check_sum
from segments_internal.transactions
where customer_id is not null
group by hash(customer_id) % $buckets
