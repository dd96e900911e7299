-- segments_internal.data_quality_counts, where the user brought finished profiles
-- Grain:  one row for each check, also where it found nothing.
-- Source: the user's own table of profiles ($source), segments.customer_profile and
--         segments_internal.identity_counts, live.
-- Units:  found and total count what unit says; money in the table's currency.
with

given as (
    select
        $customer as customer_id,
        cast($monetary as double) as monetary,
        cast($frequency as double) as frequency
    from $source as user_table
    where $row_filter
),

by_customer as (
    select
        customer_id,
        count(*) as source_rows,
        sum(
            case
                when monetary between -$max_amount and $max_amount
                    then cast(floor(monetary * 100 + 0.5) as bigint)
            end
        ) as cents,
        count(
            case
                when
                    monetary between -$max_amount and $max_amount
                    and frequency between 0 and $max_frequency
                    then 1
            end
        ) as usable_rows
    from given
    group by customer_id
),

counted as materialized (
    select
        sum(source_rows) as source_rows,
        sum(cents) as cents,
        sum(case when customer_id is null then source_rows end) as anonymous,
        sum(case when customer_id is null then cents end) as anonymous_cents,
        sum(case when customer_id is not null then source_rows - usable_rows end) as unusable,
        min(case when usable_rows < source_rows then customer_id end) as unusable_customer,
        sum(case when customer_id is not null then source_rows - 1 end) as repeated,
        min(case when source_rows > 1 then customer_id end) as repeated_customer
    from by_customer
),

profiled as materialized (
    select
        count(case when frequency > 0 then 1 end) as buyers,
        count(*) as customers,
        count(case when frequency = 0 then 1 end) as refunded,
        sum(case when frequency = 0 then cast(round(monetary * 100) as bigint) end)
            as refunded_cents,
        min(case when frequency = 0 then customer_id end) as refunded_customer,
        count(case when frequency = 1 then 1 end) as once,
        sum(case when frequency = 1 then cast(round(monetary * 100) as bigint) end) as once_cents,
        min(case when frequency = 1 then customer_id end) as once_customer,
        sum(case when frequency > 0 then cast(round(monetary * 100) as bigint) end)
            as buyers_cents
    from segments.customer_profile
),

checks as (
    select
        'rows_without_customer' as check_name,
        'rows' as unit,
        coalesce(anonymous, 0) as found,
        source_rows as total,
        anonymous_cents as cents,
        cast(null as varchar) as example
    from counted
    union all
    select
        'unusable_rows' as check_name,
        'rows' as unit,
        coalesce(unusable, 0) as found,
        source_rows as total,
        null as cents,
        'customer ' || cast(unusable_customer as varchar) as example
    from counted
    union all
    select
        'duplicate_customers' as check_name,
        'rows' as unit,
        coalesce(repeated, 0) as found,
        source_rows as total,
        null as cents,
        'customer ' || cast(repeated_customer as varchar) as example
    from counted
    union all
    select
        'customers_without_order' as check_name,
        'customers' as unit,
        refunded as found,
        customers as total,
        refunded_cents as cents,
        'customer ' || cast(refunded_customer as varchar) as example
    from profiled
    union all
    select
        'customers_with_one_order' as check_name,
        'customers' as unit,
        once as found,
        buyers as total,
        once_cents as cents,
        'customer ' || cast(once_customer as varchar) as example
    from profiled
    union all
    select
        'few_customers' as check_name,
        'customers' as unit,
        buyers as found,
        null as total,
        buyers_cents as cents,
        null as example
    from profiled
    union all
    select
        check_name,
        unit,
        found,
        total,
        cents,
        example
    from segments_internal.identity_counts
),

final as (
    select
        checks.check_name,
        checks.unit,
        cast(checks.found as bigint) as found,
        cast(checks.total as bigint) as total,
        cast(checks.cents / 100.0 as double) as revenue,
        cast(counted.cents / 100.0 as double) as total_revenue,
        checks.example
    from checks
    cross join counted
)

select * from final
