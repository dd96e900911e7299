-- What one customer has spent, and in how many orders, now.
-- Grain:  one row, or none where nobody has this id.
-- Source: segments.customer_profile.
-- Units:  money in the table's currency.
select
    monetary,
    frequency
from segments.customer_profile
where cast(customer_id as varchar) = $1
