-- segments.segment_moves(from_moment, to_moment)
-- Grain:  one row for each pair of segments, at the first and at the second moment, that a customer
--         has; those who stayed included. segment_from is NULL for customers who were not there
--         yet, segment_to for those whom the time window has lost.
-- Source: segments.customer_segments_at, under the current rules at both moments.
-- Units:  money in the table's currency: what these customers are worth at each moment.
-- In an attached file call it after USE.
create or replace macro segments.segment_moves(from_moment, to_moment) as table
    with

    earlier as (
        select
            customer_id,
            monetary,
            segment,
            segment_rank
        from segments.customer_segments_at(from_moment)
    ),

    later as (
        select
            customer_id,
            monetary,
            segment,
            segment_rank
        from segments.customer_segments_at(to_moment)
    )

    select
        earlier.segment as segment_from,
        later.segment as segment_to,
        count(*) as customers,
        sum(cast(round(earlier.monetary * 100) as bigint)) / 100.0 as revenue_from,
        sum(cast(round(later.monetary * 100) as bigint)) / 100.0 as revenue_to,
        earlier.segment_rank as segment_rank_from,
        later.segment_rank as segment_rank_to
    from earlier
    full join later
        on earlier.customer_id = later.customer_id
    group by
        earlier.segment,
        later.segment,
        earlier.segment_rank,
        later.segment_rank
    order by
        earlier.segment_rank nulls last,
        later.segment_rank nulls last
