-- segments_internal.snapshots
-- Grain: one row, about segments_internal.customer_segments_snapshot; none where there is no
--        snapshot.
create table if not exists segments_internal.snapshots (
    model_id integer not null, -- whose rules gave the segments
    refreshed_at timestamp not null, -- UTC
    customers bigint not null,
    buckets bigint -- of snapshot_buckets; NULL until the first refresh
)
