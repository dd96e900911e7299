-- segments_internal.model_quality
-- Grain: one row for each model version and metric that `segmenter quality` measured.
-- value is of the segments; flat_value is of a plain clustering of the same customers into as many
-- blocks at once, with the same settings. Training customers only. Neither is better by rule: the
-- recursion gives up some compactness for segments of useful sizes.
create table if not exists segments_internal.model_quality (
    model_id integer not null,
    metric varchar not null,
    value double, -- NULL where the metric makes no sense for this model
    flat_value double,
    basis varchar not null, -- what it was measured on: everybody, or a sample, with its seed
    message varchar not null, -- what the metric says and what is good
    measured_at timestamp not null, -- UTC
    primary key (model_id, metric)
)
