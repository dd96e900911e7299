-- segments_internal.backtest_lifecycle
-- Grain: one row for each day that a backtest went back to (as_of), segment and lifecycle of then.
-- What the customers of as_of did after it, up to until. Both were judged by what was known at
-- as_of. repeat_rate has Wilson's 95 % interval, mean_later_revenue that of the normal
-- distribution, which is NULL for fewer than 30 customers.
-- Units: money in the table's currency; rates from 0 to 1. No customer is named.
create table if not exists segments_internal.backtest_lifecycle (
    model_id integer not null, -- whose source and settings were fitted again
    as_of timestamp not null, -- the last moment that was known
    until timestamp not null, -- the last moment that was measured
    segment varchar not null,
    segment_rank integer not null,
    lifecycle varchar, -- NULL for customers without an order
    customers bigint not null,
    customers_again bigint not null, -- those with at least one order after as_of
    repeat_rate double not null,
    repeat_rate_low double not null,
    repeat_rate_high double not null,
    mean_later_revenue double not null,
    mean_later_revenue_low double,
    mean_later_revenue_high double
)
