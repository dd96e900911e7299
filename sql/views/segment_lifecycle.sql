-- segments.segment_lifecycle
-- Grain:  one row for each segment and lifecycle of the current model that somebody is in.
-- Source: segments.customer_segments, live, beside the newest backtest of the current model.
-- What a backtest has measured of the customers who were in the same segment and lifecycle at
-- as_of: the share who came again up to until, with Wilson's 95 % interval, and the mean of what
-- they spent then, with that of the normal distribution (of 30 customers or more). NULL where
-- nothing was measured.
-- Lapsed does not say that a customer is gone: repeat_rate says how many came again.
-- Units:  money in the table's currency; shares and rates from 0 to 1. lifecycle is NULL without a
--         date column, and for customers without an order.
with

customer_segments as (
    select
        segment,
        segment_rank,
        lifecycle,
        cast(round(monetary * 100) as bigint) as cents
    from segments.customer_segments
),

newest_backtest as (
    select
        models.model_id,
        max(backtest_lifecycle.as_of) as as_of
    from segments_internal.models
    inner join segments_internal.backtest_lifecycle
        on models.model_id = backtest_lifecycle.model_id
    where models.is_current
    group by models.model_id
),

measured as (
    select backtest_lifecycle.*
    from segments_internal.backtest_lifecycle
    inner join newest_backtest
        on
            backtest_lifecycle.model_id = newest_backtest.model_id
            and backtest_lifecycle.as_of = newest_backtest.as_of
),

added_up as (
    select
        segment,
        segment_rank,
        lifecycle,
        count(*) as customers,
        sum(cents) as cents
    from customer_segments
    group by
        segment,
        segment_rank,
        lifecycle
),

totals as (
    select
        sum(customers) as customers,
        sum(cents) as cents
    from added_up
),

final as (
    select
        added_up.segment,
        added_up.segment_rank,
        added_up.lifecycle,
        case added_up.lifecycle
            when 'new' then 1
            when 'active' then 2
            when 'lapsing' then 3
            when 'lapsed' then 4
        end as lifecycle_rank,
        added_up.customers,
        added_up.customers / cast(totals.customers as double) as share_of_customers,
        added_up.cents / 100.0 as revenue,
        added_up.cents / nullif(cast(totals.cents as double), 0) as share_of_revenue,
        measured.repeat_rate,
        measured.repeat_rate_low,
        measured.repeat_rate_high,
        measured.mean_later_revenue,
        measured.mean_later_revenue_low,
        measured.mean_later_revenue_high,
        measured.customers as measured_customers,
        measured.as_of,
        measured.until
    from added_up
    cross join totals
    left join measured
        on
            added_up.segment = measured.segment
            and added_up.lifecycle = measured.lifecycle
)

select * from final
order by
    segment_rank asc,
    lifecycle_rank asc nulls last
