-- segments_internal.data_quality_counts, where the user brought anonymous points
-- Grain:  one row for each check, also where it found nothing.
-- Source: the user's own table of points ($source) and segments_internal.profile_points, live.
-- Units:  found and total count what unit says; money in the table's currency.
with

given as (
    select
        cast($monetary as double) as monetary,
        cast($frequency as double) as frequency,
        cast($customers as double) as customers
    from $source as user_table
    where $row_filter
),

checked as (
    select
        *,
        coalesce(
            monetary between -$max_amount and $max_amount
            and frequency between 0 and $max_frequency
            and customers between 1 and $max_customers
            and customers = floor(customers),
            false
        ) as is_usable
    from given
),

counted as (
    select
        count(*) as source_rows,
        count(case when not is_usable then 1 end) as unusable,
        min(
            case
                when not is_usable
                    then
                        'monetary '
                        || coalesce(cast(monetary as varchar), 'NULL')
                        || ', frequency '
                        || coalesce(cast(frequency as varchar), 'NULL')
                        || ', customers '
                        || coalesce(cast(customers as varchar), 'NULL')
            end
        ) as unusable_row
    from checked
),

pointed as materialized (
    select
        coalesce(sum(customers), 0) as buyers,
        coalesce(sum(case when frequency = 1 then customers end), 0) as once,
        sum(cast(round(monetary * 100) as hugeint) * customers) as cents,
        sum(case when frequency = 1 then cast(round(monetary * 100) as hugeint) * customers end)
            as once_cents
    from segments_internal.profile_points
),

checks as (
    select
        'unusable_rows' as check_name,
        'rows' as unit,
        unusable as found,
        source_rows as total,
        null as cents,
        unusable_row as example
    from counted
    union all
    select
        'customers_with_one_order' as check_name,
        'customers' as unit,
        once as found,
        buyers as total,
        once_cents as cents,
        null as example
    from pointed
    union all
    select
        'few_customers' as check_name,
        'customers' as unit,
        buyers as found,
        null as total,
        cents,
        null as example
    from pointed
),

final as (
    select
        checks.check_name,
        checks.unit,
        cast(checks.found as bigint) as found,
        cast(checks.total as bigint) as total,
        cast(checks.cents / 100.0 as double) as revenue,
        cast(pointed.cents / 100.0 as double) as total_revenue,
        checks.example
    from checks
    cross join pointed
)

select * from final
