-- segments_internal.model_splits, from layout 3: which segments the parts became was not noted.
select
    *,
    cast(null as varchar[]) as higher_segments,
    cast(null as varchar[]) as lower_segments
from segments.model_splits
