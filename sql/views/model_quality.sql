-- segments.model_quality
-- Grain:  one row for each model version and metric that `segmenter quality` measured.
-- Source: segments_internal.model_quality, as of the last measurement.
-- value is of the segments; flat_value is of a plain clustering of the same customers into as many
-- blocks at once, with the same settings. Training customers only. Neither is better by rule: the
-- recursion gives up some compactness for segments of useful sizes.
select
    model_id,
    metric,
    value,
    flat_value,
    basis,
    message,
    measured_at
from segments_internal.model_quality
