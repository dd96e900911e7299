-- How many lines of a text file have values in double quotes, and how many a quote that opens a
-- value and does not end it: "Best" lamp.
-- Grain:  one row.
-- Source: a text file, line by line; the delimiter of its columns is known.
-- Units:  lines.
with

-- doubled, one delimiter ends a value and another one begins the next
file_lines as (
    select replace(whole_line, $delimiter, $delimiter || $delimiter) as text_line
    from $reader
    where contains(whole_line, '"')
)

select
    count(case when regexp_matches(text_line, $quoted) then 1 end) as quoted_lines,
    count(
        case when regexp_matches(regexp_replace(text_line, $quoted, '', 'g'), $opening) then 1 end
    ) as other_lines
from file_lines
