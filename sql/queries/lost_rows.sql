-- Rows that an expression loses: it is NULL although every column that it reads has a value. And
-- rows in the future, which a time window does not hold.
-- Grain:  one row.
-- Source: the user's own rows ($source), in or out of the window. source_rows are those that meet
--         the condition, for which it is NULL, or which it drops because a try_cast in it fails;
--         rows_left_out are those of all that it does not keep.
with

judged as (
    select
        $condition is null as is_unknown,
        coalesce($condition, false) as is_kept,
        coalesce($row_filter, true) as is_asked,
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
)

select
    count(*) as all_rows,
    count(case when not is_kept then 1 end) as rows_left_out,
    count(case when is_asked or loses_condition then 1 end) as source_rows,
    count(case when (is_asked or loses_condition) and lost_value is not null then 1 end)
        as lost_rows,
    count(case when loses_condition then 1 end) as lost_by_condition,
    count(case when is_asked and loses_customer then 1 end) as lost_by_customer,
    count(case when is_asked and loses_amount then 1 end) as lost_by_amount,
    count(case when is_asked and loses_order then 1 end) as lost_by_order,
    count(case when is_asked and loses_date then 1 end) as lost_by_date,
    count(case when is_asked and is_unknown and not loses_condition then 1 end) as unknown_rows,
    min(case when is_asked or loses_condition then lost_value end) as lost_value,
    count(case when is_asked then future_at end) as rows_in_future,
    max(case when is_asked then future_at end) as newest_in_future
from judged
