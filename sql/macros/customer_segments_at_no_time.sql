-- segments.customer_segments_at(moment), where the model knows no time
-- Grain:  no row: it says why there are none.
-- Source: nothing.
create or replace macro segments.customer_segments_at(moment) as table
    select
        cast(null as varchar) as customer_id,
        cast(null as double) as monetary,
        cast(null as bigint) as frequency,
        cast(null as timestamp) as first_order_at,
        cast(null as timestamp) as last_order_at,
        cast(null as boolean) as is_whale,
        cast(null as boolean) as is_above_monetary,
        cast(null as boolean) as is_above_frequency,
        cast(null as varchar) as segment,
        cast(null as integer) as segment_rank,
        cast(null as bigint) as days_since_last_order,
        cast(null as varchar) as lifecycle,
        cast(null as integer) as lifecycle_rank
    where error($why)
