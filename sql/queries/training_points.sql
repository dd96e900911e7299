-- The training profile as the clustering takes it: whole cents, in (cents, frequency) order.
select
    cast(round(monetary * 100) as bigint) as cents,
    cast(frequency as bigint) as frequency,
    cast(customers as bigint) as customers
from segments_internal.profile_points
order by
    cents,
    frequency
