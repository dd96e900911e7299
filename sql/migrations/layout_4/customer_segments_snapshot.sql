-- segments_internal.customer_segments_snapshot, from layout 3: the cuts that whales are above.
select
    known.customer_id,
    known.monetary,
    known.frequency,
    known.first_order_at,
    known.last_order_at,
    known.is_whale,
    coalesce(known.monetary > models.monetary_cut, false) as is_above_monetary,
    coalesce(known.frequency > models.frequency_cut, false) as is_above_frequency,
    known.segment,
    known.segment_rank,
    known.days_since_last_order,
    known.lifecycle
from segments.customer_segments_snapshot as known
cross join segments.models
where models.is_current
