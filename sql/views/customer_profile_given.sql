-- segments.customer_profile, where the user brought finished profiles
-- Grain:  one row for each customer; rows without a customer are left out.
-- Source: the user's own table of profiles ($source), live.
-- Units:  monetary in the table's currency, rounded half up to the cent; frequency in orders,
--         rounded down. Values that are NULL, NaN, infinite or too large to be exact are left out.
select
    $customer as customer_id,
    floor(cast($monetary as double) * 100 + 0.5) / 100.0 as monetary,
    cast(floor(cast($frequency as double)) as bigint) as frequency,
    cast(null as timestamp) as first_order_at,
    cast(null as timestamp) as last_order_at,
    $source_attributes
from $source as user_table
where
    $customer is not null
    and cast($monetary as double) between -$max_amount and $max_amount
    and cast($frequency as double) between 0 and $max_frequency
    and $row_filter
