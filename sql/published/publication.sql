-- segments.publication
-- Grain:  one row: which model this copy has, and when it was made.
-- Source: segmenter publish. The tables beside it hold what the views of their names said then, the
--         functions are those of the model. No transactions are here, and nothing reads them.
-- Units:  times in UTC, but for newest_order_at, which is as the sales have it.
create table segments.publication (
    model_id integer not null,
    fitted_at timestamp not null,
    published_at timestamp not null,
    customers bigint, -- NULL where the model was fitted to anonymous points
    newest_order_at timestamp,
    segmenter_version varchar not null,
    layout_version integer not null
)
