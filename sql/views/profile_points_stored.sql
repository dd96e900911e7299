-- segments.profile_points, where the points came from a data frame of a Python session
-- Grain:  one row for each distinct (monetary, frequency) of the training profile.
-- Source: segments.stored_profile, as it was at the fit. NOT live: the frame ended with its
--         session.
-- Units:  monetary in whole cents of the table's currency; frequency in orders.
select
    monetary,
    frequency,
    customers
from segments.stored_profile
