-- segments_internal.model_bins
-- Grain: one row for each model version, metric and bin: what the training profile was like, to
--        compare later ones with.
-- The bins of monetary and frequency are its tenths, merged where customers are equal or few; those
-- of the metric segment are the segments, as the rules give them. Bin 1 of the metric whale are the
-- training customers, bin 2 the customers above the cut.
-- Units: edges of monetary in the table's currency, of frequency in orders; a bin holds what is
--        above lower_edge, up to and with upper_edge. shares of customers add up to 1 for each
--        metric.
create table if not exists segments_internal.model_bins (
    model_id integer not null,
    metric varchar not null, -- monetary, frequency, segment or whale
    bin integer not null, -- from 1; of segments, the segment_rank
    lower_edge double, -- -infinity in the first bin; NULL for segments and whales
    upper_edge double, -- infinity in the last bin; NULL for segments and whales
    segment varchar, -- NULL for the other metrics
    customers bigint not null,
    share_of_customers double not null,
    primary key (model_id, metric, bin)
)
