-- segments.customer_upgrades of a file of layout 3 that is only read.
select * rename (orders_needed as frequency_needed, segment_by_orders as segment_by_frequency)
from segments.customer_upgrades
