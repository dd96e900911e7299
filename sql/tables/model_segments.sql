-- segments_internal.model_segments
-- Grain: one row for each model version and segment; segment_rank 1 has the highest mean monetary.
-- Units: money in the table's currency; training customers only.
create table if not exists segments_internal.model_segments (
    model_id integer not null,
    segment_rank integer not null,
    segment varchar not null,
    customers bigint not null,
    mean_monetary double not null,
    mean_frequency double not null,
    primary key (model_id, segment_rank)
)
