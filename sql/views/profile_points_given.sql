-- segments_internal.profile_points, where the user brought finished, anonymous points
-- Grain:  one row for each distinct (monetary, frequency).
-- Source: the user's own table of points ($source), live; it is the training profile as it stands.
-- Units:  monetary in the table's currency, rounded half up to the cent; frequency in orders. Rows
--         with a value that is NULL, NaN, infinite or too large to be exact are left out.
with

given as (
    select
        floor(cast($monetary as double) * 100 + 0.5) / 100.0 as monetary,
        cast(floor(cast($frequency as double)) as bigint) as frequency,
        cast($customers as bigint) as customers
    from $source as user_table
    where
        cast($monetary as double) between -$max_amount and $max_amount
        and cast($frequency as double) between 0 and $max_frequency
        and cast($customers as double) between 1 and $max_customers
        and $row_filter
),

final as (
    select
        monetary,
        frequency,
        cast(sum(customers) as bigint) as customers
    from given
    group by
        monetary,
        frequency
)

select * from final
