-- segments_internal.models
-- Grain: one row for each model version (each fit is one).
-- Units: money in the table's currency; scaling is var(cents) / var(frequency).
create table if not exists segments_internal.models (
    model_id integer primary key,
    is_current boolean not null,
    model_group varchar not null, -- one value for now: reserved for one model per country or shop
    layout_version integer not null,
    segmenter_version varchar not null,
    fitted_at timestamp not null,
    source json not null, -- how the user's table is read
    settings json not null, -- what the fit was told
    source_rows bigint, -- rows that were read; NULL where profiles or points were brought
    rows_without_customer bigint,
    revenue_without_customer double,
    customers bigint not null, -- all of them, whales and customers without an order included
    training_customers bigint not null,
    training_points bigint not null,
    whales bigint not null,
    monetary_cut double, -- customers strictly above are whales; NULL: not cut on this metric
    frequency_cut double,
    active_days integer, -- lifecycle: a last order within these is no lapse; NULL without dates
    lapsed_days integer, -- beyond these a customer has lapsed
    scaling double not null,
    monetary_min double not null, -- the training rectangle, to which inputs are clamped
    monetary_max double not null,
    frequency_min bigint not null,
    frequency_max bigint not null,
    relative_step double, -- cells of monetary as a share of the amount; NULL: exact, not coarsened
    uncertain_customers bigint not null, -- whose rule the coarsening could change
    outvoted_customers bigint not null, -- whom the classifier puts elsewhere than their block
    raised_customers bigint, -- whom it puts higher than their neighbours' vote; NULL: from before
    flat_share double not null, -- largest block when as many blocks are cut at once
    warnings json not null, -- list of sentences
    notes json -- of its last publication on the result: list of code and message; NULL: none yet
)
