-- The buckets whose transactions are not those that the snapshot knows.
-- Grain:  one row for each changed bucket.
-- Source: segments_internal.snapshot_buckets as it was stored, and $current_buckets as it is now.
select coalesce(known.bucket, present.bucket) as bucket
from segments_internal.snapshot_buckets as known
full join $current_buckets as present -- noqa: AL05
    on known.bucket = present.bucket
where
    known.source_rows is distinct from present.source_rows
    or known.check_sum is distinct from present.check_sum
