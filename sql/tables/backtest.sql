-- segments_internal.backtest
-- Grain: one row for each day that a backtest went back to (as_of), ranking and segment.
-- What was known at as_of was fitted with the source and settings of model_id; what the customers
-- of that time did after it, up to until, is measured. ranking 'segments' is that fit; the others
-- order the customers of as_of in a plain way and are cut into groups of as many customers, under
-- the same names: 'spend', 'orders', 'recent_spend', 'rfm', 'bg_nbd' and 'segment_lifecycle'.
-- Units: money in the table's currency; shares from 0 to 1. share_of_later_revenue is of the later
--        revenue of customers known at as_of. No customer is named.
create table if not exists segments_internal.backtest (
    model_id integer not null, -- whose source and settings were fitted again
    as_of timestamp not null, -- the last moment that was known
    until timestamp not null, -- the last moment that was measured
    ranking varchar not null, -- segments, or another way to order customers
    segment varchar not null,
    segment_rank integer not null,
    customers bigint not null,
    repeat_rate double, -- share with at least one order after as_of
    later_orders bigint not null,
    later_revenue double not null,
    mean_later_revenue double,
    share_of_later_revenue double
)
