-- segments_internal.model_splits
-- Grain: one row for each model version and level: the audit of the recursion.
-- The two parts of a split became the segments higher_segments and lower_segments.
-- Units: heights in the table's currency; shares from 0 to 1, of all training customers.
create table if not exists segments_internal.model_splits (
    model_id integer not null,
    level integer not null,
    block_customers bigint not null, -- the block that was split
    block_points bigint not null,
    block_share double not null,
    scaling double not null, -- var(cents) / var(frequency) of this block
    height double not null, -- Ward height of this split
    next_height double, -- Ward height of the next one below it; NULL where there is none
    higher_customers bigint not null, -- the part with the higher mean monetary
    lower_customers bigint not null,
    moved_customers bigint not null, -- by consolidation
    largest_customers bigint not null, -- largest block of all after this split
    largest_share double not null,
    max_share double not null,
    is_lopsided boolean not null,
    decision varchar not null, -- split again, or stopped
    reason varchar not null,
    frequency_agrees boolean not null, -- mean frequency orders the blocks as mean monetary does
    higher_segments varchar[], -- what the part became; NULL in models from before they were noted
    lower_segments varchar[],
    method varchar, -- ward: tree cut in two; score: z(monetary) + z(frequency); flat: at once
    far_customers bigint, -- a part of their own would have been too small to be entered
    far_segment varchar, -- where they are
    -- of a model with scale = 'log' of their logarithms, as scaling and heights then are
    monetary_weight double, -- monetary_weight * monetary + frequency_weight * frequency is at least
    frequency_weight double, -- the threshold in the higher part; NULL without consolidation
    threshold double,
    gap_index double, -- density at the line over the lower peak beside it; NULL from before
    primary key (model_id, level)
)
