-- segments_internal.model_rules
-- Grain: one row for each model version and rectangle of the compiled classifier.
-- Units: money in whole cents of the table's currency; frequency in orders. frequency_from and
--        frequency_to are both included, monetary_below is not.
create table if not exists segments_internal.model_rules (
    model_id integer not null,
    frequency_from bigint not null,
    frequency_to bigint not null,
    monetary_from double not null,
    monetary_below double not null,
    segment varchar not null
)
