-- segments_internal.data_quality_counts, where the rows came from a data frame of a Python session
-- Grain:  one row for each check that can still be made.
-- Source: segments_internal.models and segments_internal.profile_points, as they were at the fit.
--         NOT live: the frame
--         ended with its session. Customers are those that the model learned from.
-- Units:  found and total count what unit says; money in the table's currency.
with

current_model as (
    select
        source_rows,
        rows_without_customer,
        revenue_without_customer
    from segments_internal.models
    where is_current
),

pointed as materialized (
    select
        coalesce(sum(customers), 0) as buyers,
        coalesce(sum(case when frequency = 1 then customers end), 0) as once,
        sum(cast(round(monetary * 100) as hugeint) * customers) / 100.0 as revenue,
        sum(case when frequency = 1 then cast(round(monetary * 100) as hugeint) * customers end)
        / 100.0 as once_revenue
    from segments_internal.profile_points
),

checks as (
    select
        'rows_without_customer' as check_name,
        'rows' as unit,
        rows_without_customer as found,
        source_rows as total,
        revenue_without_customer as revenue,
        cast(null as double) as total_revenue
    from current_model
    union all
    select
        'customers_with_one_order' as check_name,
        'customers' as unit,
        once as found,
        buyers as total,
        once_revenue as revenue,
        revenue as total_revenue
    from pointed
    union all
    select
        'few_customers' as check_name,
        'customers' as unit,
        buyers as found,
        null as total,
        revenue,
        revenue as total_revenue
    from pointed
),

final as (
    select
        check_name,
        unit,
        cast(found as bigint) as found,
        cast(total as bigint) as total,
        cast(revenue as double) as revenue,
        cast(total_revenue as double) as total_revenue,
        cast(null as varchar) as example
    from checks
)

select * from final
