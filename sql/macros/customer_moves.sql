-- segments.customer_moves(from_moment, to_moment)
-- Grain:  one row for each customer who was there at both moments and changed segment in between.
-- Source: segments.customer_segments_at, under the current rules at both moments.
-- Units:  money in the table's currency; ranks_up above 0 leads to a segment of higher value.
-- In an attached file call it after USE.
create or replace macro segments.customer_moves(from_moment, to_moment) as table
    with

    earlier as (
        select
            customer_id,
            monetary,
            frequency,
            segment,
            segment_rank
        from segments.customer_segments_at(from_moment)
    ),

    later as (
        select
            customer_id,
            monetary,
            frequency,
            segment,
            segment_rank,
            last_order_at
        from segments.customer_segments_at(to_moment)
    )

    select
        later.customer_id,
        earlier.segment as segment_from,
        later.segment as segment_to,
        earlier.segment_rank - later.segment_rank as ranks_up,
        earlier.monetary as monetary_from,
        later.monetary as monetary_to,
        earlier.frequency as frequency_from,
        later.frequency as frequency_to,
        later.last_order_at
    from earlier
    inner join later
        on earlier.customer_id = later.customer_id
    where earlier.segment <> later.segment
    order by
        abs(later.monetary - earlier.monetary) desc,
        later.customer_id asc
