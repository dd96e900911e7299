-- Whether a large table's amounts are in one currency, as segments_internal.data_quality_counts
-- asks it.
-- Grain:  one row.
-- Source: the user's own rows ($source) that meet the condition and have an amount, in or out of
--         the window. EUR and eur are one currency.
with

by_currency as (
    select
        nullif(upper(trim(cast($currency as varchar))), '') as currency,
        count(*) as source_rows
    from $source as user_table
    where
        $row_filter
        and $amount is not null
    group by nullif(upper(trim(cast($currency as varchar))), '')
),

ranked as (
    select
        *,
        row_number() over (order by source_rows desc, currency asc nulls last) as place
    from by_currency
)

select
    cast(coalesce(sum(case when place > 1 then source_rows end), 0) as bigint) as deviating,
    string_agg(
        coalesce(currency, 'none') || ' ' || format('{:,}', source_rows),
        ', ' order by place
    ) filter (where place <= 5) as listed,
    min(case when place = 1 then currency end) as most
from ranked
