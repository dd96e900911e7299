-- The time of the newest order, where customers are added up already.
-- Grain:  one row.
-- Source: segments.customer_profile.
select max(last_order_at) as newest_order_at
from segments.customer_profile
