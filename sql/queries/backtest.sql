-- What customers did after a moment, by the segment they had then and by other rankings of then.
-- Grain:  one row for each ranking and segment.
-- Source: $segmented, the customers of then with their segments; $later, what each customer did
--         after; $named, the segments; $scores, what each of the other $rankings orders by.
-- A ranking orders customers by its score, equal ones by monetary and then by customer_id, and cuts
-- the order into groups of as many customers as the segments have.
-- Units:  money in the table's currency; shares from 0 to 1, of what these customers did.
with

known as (
    select
        segmented.customer_id,
        segmented.monetary,
        segmented.segment_rank,
        cast(round(coalesce(later.monetary, 0) * 100) as bigint) as later_cents,
        coalesce(later.frequency, 0) as later_orders
    from $segmented as segmented
    left join $later as later
        on segmented.customer_id = later.customer_id
),

sizes as (
    select
        segment_rank,
        count(*) as customers
    from known
    group by segment_rank
),

places as (
    select
        segment_rank,
        sum(customers) over (order by segment_rank) as last_place,
        sum(customers) over (order by segment_rank) - customers as place_before
    from sizes
),

rankings as (
    select unnest($rankings) as ranking
),

scored as (
    select
        rankings.ranking,
        known.later_cents,
        known.later_orders,
        row_number() over (
            partition by rankings.ranking
            order by
                coalesce(scores.score, 0) desc,
                known.monetary desc,
                known.customer_id asc
        ) as place
    from known
    cross join rankings
    left join $scores as scores
        on
            known.customer_id = scores.customer_id
            and rankings.ranking = scores.ranking
    where rankings.ranking <> 'segments'
),

ranked as (
    select
        'segments' as ranking,
        segment_rank,
        later_cents,
        later_orders
    from known
    union all
    select
        scored.ranking,
        places.segment_rank,
        scored.later_cents,
        scored.later_orders
    from scored
    inner join places
        on
            scored.place > places.place_before
            and scored.place <= places.last_place
),

measured as (
    select
        ranking,
        segment_rank,
        count(*) as customers,
        count(case when later_orders > 0 then 1 end) as returned,
        sum(later_orders) as later_orders,
        sum(later_cents) as later_cents
    from ranked
    group by
        ranking,
        segment_rank
),

total as (
    select sum(later_cents) as later_cents
    from known
),

final as (
    select
        rankings.ranking,
        named.segment,
        named.segment_rank,
        coalesce(measured.customers, 0) as customers,
        measured.returned / cast(measured.customers as double) as repeat_rate,
        cast(coalesce(measured.later_orders, 0) as bigint) as later_orders,
        coalesce(measured.later_cents, 0) / 100.0 as later_revenue,
        measured.later_cents / 100.0 / measured.customers as mean_later_revenue,
        coalesce(measured.later_cents, 0)
        / nullif(cast(total.later_cents as double), 0) as share_of_later_revenue
    from $named as named
    cross join rankings
    cross join total
    left join measured
        on
            rankings.ranking = measured.ranking
            and named.segment_rank = measured.segment_rank
)

select * from final
order by
    list_position($rankings, ranking),
    segment_rank
