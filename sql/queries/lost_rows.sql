-- Rows that an expression loses: it is NULL although every column that it reads has a value. And
-- rows in the future, which a time window does not hold.
-- Grain:  one row.
-- Source: the user's own rows ($source) that meet the condition, or for which it is NULL; in or out
--         of the window.
with

judged as (
    select
        $condition is null as is_unknown,
        $loses_condition as loses_condition, -- noqa: AL09
        $loses_customer as loses_customer, -- noqa: AL09
        $loses_amount as loses_amount, -- noqa: AL09
        $loses_order as loses_order, -- noqa: AL09
        $loses_date as loses_date, -- noqa: AL09
        $lost_value as lost_value, -- noqa: AL09
        case
            when
                cast($date as timestamp)
                > make_timestamp(epoch_us(current_timestamp)) + interval 1 day
                then cast($date as timestamp)
        end as future_at
    from $source as user_table
    where coalesce($row_filter, true)
)

select
    count(*) as source_rows,
    count(case when lost_value is not null then 1 end) as lost_rows,
    count(case when loses_condition then 1 end) as lost_by_condition,
    count(case when loses_customer then 1 end) as lost_by_customer,
    count(case when loses_amount then 1 end) as lost_by_amount,
    count(case when loses_order then 1 end) as lost_by_order,
    count(case when loses_date then 1 end) as lost_by_date,
    count(case when is_unknown and not loses_condition then 1 end) as unknown_rows,
    min(lost_value) as lost_value,
    count(future_at) as rows_in_future,
    max(future_at) as newest_in_future
from judged
