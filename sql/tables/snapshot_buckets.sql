-- segments_internal.snapshot_buckets
-- Grain: one row for each group of customers that share hash(customer_id) % buckets, with a check
--        sum of their transactions as the snapshot knows them. A bucket whose sum differs from that
--        of the transactions now has customers to add up again, and no other has.
create table if not exists segments_internal.snapshot_buckets (
    bucket ubigint not null,
    source_rows bigint not null,
    check_sum hugeint not null
)
