-- What a publication says of each segment, for segments_internal.published_segments.
-- Grain:  one row for each segment of the current version, and for each other that customers left.
-- Source: the snapshot, and the intervals of the history that end and begin at $published_at.
-- $counts_moves is false in the first publication of all.
with

began as (
    select
        customer_id,
        segment
    from segments_internal.customer_segments_snapshot
    where valid_from = cast($published_at as timestamp) and $counts_moves
),

ended as (
    select
        $ended_customer as customer_id,
        ended_intervals.segment
    from segments_internal.customer_segments_history as ended_intervals
    where ended_intervals.valid_to = cast($published_at as timestamp) and $counts_moves
),

moves as (
    select
        ended.segment as segment_from,
        began.segment as segment_to
    from ended
    full join began
        on ended.customer_id = began.customer_id
    where ended.segment is distinct from began.segment
),

ranks as (
    select
        model_segments.segment,
        model_segments.segment_rank
    from segments_internal.model_segments
    inner join segments_internal.models
        on model_segments.model_id = models.model_id
    where models.is_current
),

counted as (
    select
        segment,
        count(*) as customers,
        sum(cast(round(monetary * 100) as bigint)) / 100.0 as revenue
    from segments_internal.customer_segments_snapshot
    group by segment
),

came as (
    select
        segment_to as segment,
        count(*) as customers
    from moves
    group by segment_to
),

went as (
    select
        segment_from as segment,
        count(*) as customers
    from moves
    group by segment_from
),

every_segment as (
    select segment from ranks
    union distinct
    select segment from counted
    union distinct
    select segment from came
    union distinct
    select segment from went
)

select
    cast($published_at as timestamp) as published_at, -- noqa: RF02
    every_segment.segment,
    ranks.segment_rank,
    coalesce(counted.customers, 0) as customers,
    coalesce(counted.revenue, 0) as revenue,
    coalesce(came.customers, 0) as moved_in,
    coalesce(went.customers, 0) as moved_out
from every_segment
left join ranks
    on every_segment.segment = ranks.segment
left join counted
    on every_segment.segment = counted.segment
left join came
    on every_segment.segment = came.segment
left join went
    on every_segment.segment = went.segment
where every_segment.segment is not null
