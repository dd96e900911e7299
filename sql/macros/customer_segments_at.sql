-- segments.customer_segments_at(moment)
-- Grain:  one row for each customer as of a moment; the columns of segments.customer_segments.
-- Source: the transactions up to the moment, and with it; under the current rules. The time window
--         of the model, where there is one, ends at the moment. A bare date means its midnight, and
--         NULL the newest transaction. Rows without a date are left out.
-- Units:  as segments.customer_segments; days are counted to the moment.
-- In an attached file call it after USE.
create or replace macro segments.customer_segments_at(moment) as table
    select
        customer_id,
        monetary,
        frequency,
        first_order_at,
        last_order_at,
        is_whale,
        is_above_monetary,
        is_above_frequency,
        segment,
        segment_rank,
        days_since_last_order,
        lifecycle,
        lifecycle_rank,
        $attributes
    from segments.customer_segments
