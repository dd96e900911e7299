-- segments.customer_upgrades
-- Grain:  one row for each customer who is not in the highest segment yet.
-- Source: segments.customer_segments and segments.segment_rules, live.
-- What leads to a segment of higher value: monetary_needed is the smallest amount more at the same
-- number of orders, frequency_needed the smallest number of orders more at the same money; NULL
-- where that alone never does. median_order is the median over customers of their mean order,
-- rounded half up to the cent; the segment after one more order of that size is beside it. The
-- attributes that the fit names come last.
-- Units:  money in the table's currency.
with

customer_segments as (
    select
        customer_id,
        monetary,
        frequency,
        segment,
        segment_rank,
        $attributes
    from segments.customer_segments
),

segment_rules as (
    select * from segments.segment_rules
),

median_order as (
    select floor(quantile_cont(monetary / frequency, 0.5) * 100 + 0.5) / 100.0 as median_order
    from customer_segments
    where frequency > 0
),

profiles as (
    select distinct
        monetary,
        frequency,
        segment_rank
    from customer_segments
    where segment_rank > 1
),

ordered_once_more as (
    select
        profiles.*,
        median_order.median_order,
        round((profiles.monetary + median_order.median_order) * 100) / 100.0 as monetary_then,
        profiles.frequency + 1 as frequency_then
    from profiles
    cross join median_order
),

enough_monetary as (
    select
        profiles.monetary,
        profiles.frequency,
        min(segment_rules.monetary_from) as monetary_from
    from profiles
    inner join segment_rules
        on
            profiles.frequency between segment_rules.frequency_from and segment_rules.frequency_to
            and profiles.monetary < segment_rules.monetary_from
            and profiles.segment_rank > segment_rules.segment_rank
    group by
        profiles.monetary,
        profiles.frequency
),

by_monetary as (
    select
        enough_monetary.monetary,
        enough_monetary.frequency,
        enough_monetary.monetary_from,
        segment_rules.segment
    from enough_monetary
    inner join segment_rules
        on
            enough_monetary.monetary_from = segment_rules.monetary_from
            and enough_monetary.frequency
            between segment_rules.frequency_from and segment_rules.frequency_to
),

enough_orders as (
    select
        profiles.monetary,
        profiles.frequency,
        min(segment_rules.frequency_from) as frequency_from
    from profiles
    inner join segment_rules
        on
            profiles.frequency < segment_rules.frequency_from
            and profiles.monetary >= segment_rules.monetary_from
            and profiles.monetary < segment_rules.monetary_below
            and profiles.segment_rank > segment_rules.segment_rank
    group by
        profiles.monetary,
        profiles.frequency
),

by_frequency as (
    select
        enough_orders.monetary,
        enough_orders.frequency,
        enough_orders.frequency_from,
        segment_rules.segment
    from enough_orders
    inner join segment_rules
        on
            enough_orders.frequency_from = segment_rules.frequency_from
            and enough_orders.monetary >= segment_rules.monetary_from
            and enough_orders.monetary < segment_rules.monetary_below
),

after_an_order as (
    select
        ordered_once_more.monetary,
        ordered_once_more.frequency,
        ordered_once_more.median_order,
        segment_rules.segment,
        ordered_once_more.segment_rank > segment_rules.segment_rank as is_lifted
    from ordered_once_more
    inner join segment_rules
        on
            ordered_once_more.frequency_then
            between segment_rules.frequency_from and segment_rules.frequency_to
            and ordered_once_more.monetary_then >= segment_rules.monetary_from
            and ordered_once_more.monetary_then < segment_rules.monetary_below
),

final as (
    select
        customer_segments.customer_id,
        customer_segments.monetary,
        customer_segments.frequency,
        customer_segments.segment,
        customer_segments.segment_rank,
        round((by_monetary.monetary_from - customer_segments.monetary) * 100) / 100.0
            as monetary_needed,
        by_monetary.segment as segment_by_monetary,
        by_frequency.frequency_from - customer_segments.frequency as frequency_needed,
        by_frequency.segment as segment_by_frequency,
        after_an_order.median_order,
        after_an_order.segment as segment_after_median_order,
        after_an_order.is_lifted as is_lifted_by_median_order,
        $attributes -- noqa: RF02
    from customer_segments
    left join by_monetary
        on
            customer_segments.monetary = by_monetary.monetary
            and customer_segments.frequency = by_monetary.frequency
    left join by_frequency
        on
            customer_segments.monetary = by_frequency.monetary
            and customer_segments.frequency = by_frequency.frequency
    left join after_an_order
        on
            customer_segments.monetary = after_an_order.monetary
            and customer_segments.frequency = after_an_order.frequency
    where customer_segments.segment_rank > 1
)

select * from final
