-- segments_internal.model_attributes
-- Grain: one row for each model version, attribute that its fit names, and value that at least five
--        customers had at the fit; what others had, which could name somebody, and customers of
--        whom none was known, are in the row without a value.
-- Units: customers are all of the fit, whales included.
create table if not exists segments_internal.model_attributes (
    model_id integer not null,
    attribute varchar not null,
    attribute_value varchar, -- NULL: all others
    customers bigint not null
)
