-- segments.customer_segments of a file of layout 3 that is only read.
select
    customers.* exclude (segment, segment_rank, days_since_last_order, lifecycle),
    coalesce(customers.monetary > models.monetary_cut, false) as is_above_monetary,
    coalesce(customers.frequency > models.frequency_cut, false) as is_above_frequency,
    customers.segment,
    customers.segment_rank,
    customers.days_since_last_order,
    customers.lifecycle
from segments.customer_segments as customers
cross join segments.models
where models.is_current
