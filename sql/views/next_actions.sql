-- segments.next_actions
-- Grain:  one row for each customer whom something should be done about now.
-- Source: segments.customer_segments, customer_upgrades and segment_lifecycle, live.
-- Two actions: 'win back' is for whoever is lapsing, later than usual but not lapsed yet; 'one
-- more order' for whoever is new or active (or of a base without dates) and comes to a higher
-- segment, segment_after_median_order, by one more order of median size.
-- revenue_at_stake is, of 'win back', what the customer has brought so far; of 'one more order',
-- what is missing to the median of the higher segment, and at least the median order. repeat_rate
-- is what a backtest has measured of such customers. The attributes that the fit names come last.
-- Units:  money in the table's currency; rates from 0 to 1.
with

customer_segments as (
    select * from segments.customer_segments
),

customer_upgrades as (
    select * from segments.customer_upgrades
),

segment_lifecycle as (
    select
        segment,
        lifecycle,
        repeat_rate
    from segments.segment_lifecycle
),

medians as (
    select
        segment,
        quantile_cont(monetary, 0.5) as median_monetary
    from customer_segments
    group by segment
),

lapsing as (
    select
        'win back' as next_action,
        customer_id,
        cast(null as varchar) as segment_after_median_order,
        monetary as revenue_at_stake
    from customer_segments
    where lifecycle = 'lapsing'
),

liftable as (
    select
        'one more order' as next_action,
        customer_segments.customer_id,
        customer_upgrades.segment_after_median_order,
        greatest(
            round((medians.median_monetary - customer_segments.monetary) * 100) / 100.0,
            customer_upgrades.median_order
        ) as revenue_at_stake
    from customer_segments
    inner join customer_upgrades
        on customer_segments.customer_id = customer_upgrades.customer_id
    inner join medians
        on customer_upgrades.segment_after_median_order = medians.segment
    where
        customer_upgrades.is_lifted_by_median_order
        and customer_segments.frequency > 0
        and coalesce(customer_segments.lifecycle, 'active') in ('new', 'active')
),

actions as (
    select * from lapsing
    union all
    select * from liftable
),

final as (
    select
        actions.customer_id,
        actions.next_action,
        customer_segments.segment,
        customer_segments.segment_rank,
        customer_segments.lifecycle,
        case customer_segments.lifecycle
            when 'new' then 1
            when 'active' then 2
            when 'lapsing' then 3
            when 'lapsed' then 4
        end as lifecycle_rank,
        customer_segments.monetary,
        customer_segments.frequency,
        customer_segments.days_since_last_order,
        actions.segment_after_median_order,
        actions.revenue_at_stake,
        segment_lifecycle.repeat_rate,
        $attributes -- noqa: RF02
    from actions
    inner join customer_segments
        on actions.customer_id = customer_segments.customer_id
    left join segment_lifecycle
        on
            customer_segments.segment = segment_lifecycle.segment
            and customer_segments.lifecycle = segment_lifecycle.lifecycle
)

select * from final
