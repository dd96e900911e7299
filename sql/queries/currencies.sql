-- Whether a large table's amounts are in one currency, as segments_internal.data_quality_counts
-- asks it.
-- Grain:  one row for each of the five currencies with most rows, and those rows without one.
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
)

select
    currency,
    source_rows,
    cast(sum(source_rows) over () as bigint) as all_rows
from by_currency
order by
    source_rows desc,
    currency asc nulls last
limit 5
