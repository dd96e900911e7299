-- segments.publishing_log
-- Grain:  one row for each time that segments were published, and for each customer forgotten.
-- Source: segments_internal.publishing_log. event is fit, refresh, rollback or forget; stored is
--         the snapshot that was there before publications were written down. customers is how many
--         were published, NULL where they are anonymous. Of who was forgotten there is the count
--         only.
-- Units:  times in UTC, each later than the one before.
select
    published_at,
    event,
    model_id,
    customers,
    forgotten
from segments_internal.publishing_log
