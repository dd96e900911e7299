-- How many customers one more order of the median size would lift to a higher segment.
-- Grain:  one row.
-- Source: segments.customer_upgrades; of one segment, or of all where $segment is NULL.
-- Units:  money in the table's currency.
select
    max(median_order) as median_order,
    count(*) filter (where is_lifted_by_median_order) as lifted,
    count(*) as customers
from segments.customer_upgrades
where $segment is null or segment = $segment
