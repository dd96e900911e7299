-- segments.segment_history
-- Grain:  one row for each month and segment, from the month of the first publication to that of
--         the newest.
-- Source: segments_internal.published_segments, what each fit, rollback and refresh published.
--         customers and revenue are those of the last publication of the month, or of an earlier
--         one where the month has none: nothing is added up again. moved_in counts all that came
--         into the segment in the month, from another or new, moved_out all that went to another or
--         left. So customers are those of the month before, and moved_in, without moved_out, and
--         without those who were forgotten, of whom no segment is kept. A segment is its name, as
--         it was published: a refit that names it otherwise moves everybody in it.
-- Units:  money in the table's currency; months by UTC.
with

published_segments as (
    select * from segments_internal.published_segments
),

span as (
    select
        date_trunc('month', min(published_at)) as first_month,
        date_trunc('month', max(published_at)) as last_month
    from published_segments
),

months as (
    select unnest(generate_series(first_month, last_month, interval 1 month)) as starts_at
    from span
    where first_month is not null
),

last_publications as (
    select
        cast(months.starts_at as date) as month, -- noqa: RF04
        max(published_segments.published_at) as published_at
    from months
    inner join published_segments
        on published_segments.published_at < months.starts_at + interval 1 month
    group by months.starts_at
),

states as (
    select
        last_publications.month,
        published_segments.segment,
        published_segments.segment_rank,
        published_segments.customers,
        published_segments.revenue
    from last_publications
    inner join published_segments
        on last_publications.published_at = published_segments.published_at
),

moves as (
    select
        cast(date_trunc('month', published_at) as date) as month, -- noqa: RF04
        segment,
        sum(moved_in) as moved_in,
        sum(moved_out) as moved_out
    from published_segments
    group by
        cast(date_trunc('month', published_at) as date),
        segment
),

final as (
    select
        coalesce(states.month, moves.month) as month, -- noqa: RF04
        coalesce(states.segment, moves.segment) as segment,
        states.segment_rank,
        coalesce(states.customers, 0) as customers,
        case when states.month is null then 0.0 else states.revenue end as revenue,
        cast(coalesce(moves.moved_in, 0) as bigint) as moved_in,
        cast(coalesce(moves.moved_out, 0) as bigint) as moved_out
    from states
    full join moves
        on
            states.month = moves.month
            and states.segment = moves.segment
)

select * from final
order by
    month asc,
    segment_rank asc nulls last,
    segment asc
