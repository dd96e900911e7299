-- segments_internal.model_points
-- Grain: one row for each model version and training point: the labelled memory of the KNN.
-- segment is the block that the clustering put the point in; the vote of its neighbours, which is
-- the segment everywhere else, may differ for a customer at a boundary.
-- Units: money in the table's currency; frequency in orders.
create table if not exists segments_internal.model_points (
    model_id integer not null,
    monetary double not null,
    frequency bigint not null,
    customers bigint not null,
    segment varchar not null
)
