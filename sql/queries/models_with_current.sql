-- segments_internal.models as if another version were the current one, for the views over it.
-- Grain:  one row for each version.
-- Source: segments_internal.models, and $before, that version.
select * replace (model_id = $before as is_current) -- noqa: AM04
from segments_internal.models
