-- segments_internal.publishing_log
-- Grain: one row for each time that segments were published, and for each customer forgotten.
create table if not exists segments_internal.publishing_log (
    published_at timestamp not null, -- UTC; each later than the one before
    event varchar not null, -- fit, refresh, rollback, forget; stored: a snapshot from before these
    model_id integer not null, -- the current version, which may be pruned since
    customers bigint, -- NULL where they are anonymous
    forgotten bigint not null
)
