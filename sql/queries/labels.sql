-- How many rows got which label.
-- Grain:  one row for each segment of the output, and one for NULL where rows have none.
-- Source: the file that `segmenter label` wrote.
select
    segment,
    count(*) as row_count
from $source
group by segment
order by
    min(cast(segment_rank as integer)),
    segment
