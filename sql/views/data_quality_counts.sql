-- segments_internal.data_quality_counts
-- Grain:  one row for each check, also where it found nothing.
-- Source: segments_internal.data_quality_totals and segments_internal.identity_counts, live.
-- A check that has nothing to look at, such as dates without a date column, found NULL.
-- Units:  found and total count what unit says; money in the table's currency.
with

totals as materialized (
    select * from segments_internal.data_quality_totals
),

checks as (
    select
        'rows_without_customer' as check_name,
        'rows' as unit,
        anonymous as found,
        source_rows as total,
        anonymous_revenue as ten_thousandths,
        coalesce(
            'order ' || cast(anonymous_order as varchar), cast(anonymous_time as varchar)
        ) as example
    from totals
    union all
    select
        'refunds' as check_name,
        'rows' as unit,
        refunds as found,
        source_rows as total,
        refunds_revenue as ten_thousandths,
        coalesce(
            'order ' || cast(refunds_order as varchar),
            'customer ' || cast(refunds_customer as varchar)
        ) as example
    from totals
    union all
    select
        'zero_amounts' as check_name,
        'rows' as unit,
        zeros as found,
        source_rows as total,
        null as ten_thousandths,
        coalesce(
            'order ' || cast(zeros_order as varchar), 'customer ' || cast(zeros_customer as varchar)
        ) as example
    from totals
    union all
    select
        'missing_amounts' as check_name,
        'rows' as unit,
        lacking as found,
        source_rows as total,
        null as ten_thousandths,
        coalesce(
            'order ' || cast(missing_order as varchar),
            'customer ' || cast(missing_customer as varchar)
        ) as example
    from totals
    union all
    select
        'unusable_amounts' as check_name,
        'rows' as unit,
        unusable as found,
        source_rows as total,
        null as ten_thousandths,
        case
            when unusable > 0
                then
                    concat_ws(
                        ', ',
                        cast(unusable_amount as varchar),
                        'order ' || cast(unusable_order as varchar),
                        'customer ' || cast(unusable_customer as varchar)
                    )
        end as example
    from totals
    union all
    select
        'rounded_amounts' as check_name,
        'rows' as unit,
        -- more than a thousandth of the money is noticed
        case
            when all_off > (absolute_revenue * 100000000 + all_off) / 1000 then inexact else 0
        end as found,
        source_rows as total,
        case
            when all_off > (absolute_revenue * 100000000 + all_off) / 1000 then all_off / 100000000
        end as ten_thousandths,
        cast(inexact_amount as varchar) as example
    from totals
    union all
    select
        'lost_rows' as check_name,
        'rows' as unit,
        lost_rows as found,
        unwindowed_rows as total,
        null as ten_thousandths,
        lost_value as example
    from totals
    union all
    select
        'unknown_condition' as check_name,
        'rows' as unit,
        unknown_rows as found,
        unwindowed_rows as total,
        null as ten_thousandths,
        null as example
    from totals
    union all
    select
        'rows_without_order' as check_name,
        'rows' as unit,
        case when $has_order then orderless end as found,
        source_rows as total,
        case when $has_order then orderless_revenue end as ten_thousandths,
        case when $has_order then 'customer ' || cast(orderless_customer as varchar) end as example
    from totals
    union all
    select
        'rows_without_date' as check_name,
        'rows' as unit,
        case when $has_date then undated end as found,
        source_rows as total,
        case when $has_date then undated_revenue end as ten_thousandths,
        case
            when $has_date
                then
                    coalesce(
                        'order ' || cast(undated_order as varchar),
                        'customer ' || cast(undated_customer as varchar)
                    )
        end as example
    from totals
    union all
    select
        'future_dates' as check_name,
        'rows' as unit,
        case when $has_date then ahead end as found,
        unwindowed_rows as total,
        future_revenue as ten_thousandths,
        cast(future_time as varchar) as example
    from totals
    union all
    select
        'time_span' as check_name,
        'days' as unit,
        date_diff('day', first_time, last_time) + 1 as found,
        null as total,
        null as ten_thousandths,
        cast(cast(first_time as date) as varchar)
        || ' to '
        || cast(cast(last_time as date) as varchar) as example
    from totals
    union all
    select
        'duplicate_rows' as check_name,
        'rows' as unit,
        copies as found,
        source_rows as total,
        copies_revenue as ten_thousandths,
        coalesce(
            'order ' || cast(copies_order as varchar),
            'customer ' || cast(copies_customer as varchar)
        ) as example
    from totals
    union all
    select
        'several_currencies' as check_name,
        'rows' as unit,
        case when $has_currency then deviating end as found,
        source_rows as total,
        deviating_revenue as ten_thousandths,
        case when $has_currency then listed end as example
    from totals
    union all
    select
        'customers_without_order' as check_name,
        'customers' as unit,
        refunded as found,
        customers as total,
        refunded_cents * 100 as ten_thousandths,
        'customer ' || cast(refunded_customer as varchar) as example
    from totals
    union all
    select
        'customers_with_one_order' as check_name,
        'customers' as unit,
        once as found,
        buyers as total,
        once_cents * 100 as ten_thousandths,
        'customer ' || cast(once_customer as varchar) as example
    from totals
    union all
    select
        'few_customers' as check_name,
        'customers' as unit,
        buyers as found,
        null as total,
        buyers_cents * 100 as ten_thousandths,
        null as example
    from totals
    union all
    select
        'empty_orders' as check_name,
        'rows' as unit,
        case when $has_order then empty_orders end as found,
        source_rows as total,
        case when $has_order then empty_orders_revenue end as ten_thousandths,
        case when $has_order then 'customer ' || cast(empty_orders_customer as varchar) end
            as example
    from totals
    union all
    select
        check_name,
        unit,
        found,
        total,
        cents * 100 as ten_thousandths,
        example
    from segments_internal.identity_counts
),

final as (
    select
        checks.check_name,
        checks.unit,
        cast(checks.found as bigint) as found,
        cast(checks.total as bigint) as total,
        cast(checks.ten_thousandths / 10000.0 as double) as revenue,
        cast(totals.revenue / 10000.0 as double) as total_revenue,
        checks.example
    from checks
    cross join totals
)

select * from final
