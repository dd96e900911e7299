-- The first row of a file with a value that is not what its column should hold.
-- Grain:  at most one row; row_number counts from 1 and leaves a header out.
with

numbered as (
    select
        row_number() over () as file_row,
        $value as found_value,
        $is_misread as is_broken
    from $source as user_table -- noqa: AL05
)

select
    file_row,
    found_value
from numbered
where is_broken
order by file_row
limit 1
