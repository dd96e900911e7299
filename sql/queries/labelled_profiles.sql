-- Any relation with its rows labelled, as `segmenter label` writes it.
-- Grain:  one row for each row of $source, in its order; all its columns are kept.
-- Source: a Parquet or CSV file ($source) under the current model, streaming.
-- Nothing here is joined: a join would not keep the order of rows. $rank_of_segment is a CASE
-- of segmenter_segment.
-- Units:  $monetary in the currency of the model, $frequency in orders. A row where one of them is
--         NULL, NaN or infinite has the segment NULL.
with

measured as (
    select
        user_table.*,
        cast($monetary as double) as segmenter_monetary,
        cast($frequency as double) as segmenter_frequency
    from $source as user_table
),

classified as (
    select
        measured.*,
        classify_segment(
            measured.segmenter_monetary, measured.segmenter_frequency
        ) as segmenter_segment
    from measured
),

final as (
    select
        *,
        segmenter_segment as segment,
        $rank_of_segment as segment_rank
    from classified
)

select * exclude (segmenter_monetary, segmenter_frequency, segmenter_segment) -- noqa: AM04
from final
