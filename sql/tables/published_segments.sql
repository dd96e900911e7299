-- segments_internal.published_segments
-- Grain: one row for each publication and segment that had customers, or that they moved out of.
-- Units: revenue in the table's currency, NULL where it was that of one customer who is forgotten.
create table if not exists segments_internal.published_segments (
    published_at timestamp not null, -- UTC
    segment varchar not null,
    segment_rank integer, -- NULL where the version has no such segment any more
    customers bigint not null,
    revenue double,
    moved_in bigint not null, -- from another segment, or new; nobody in the first publication
    moved_out bigint not null -- to another segment, or gone; who was forgotten is not counted
)
