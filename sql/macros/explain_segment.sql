-- explain_segment(monetary, frequency)
-- Why a customer who spent monetary in frequency orders is in a segment, as a STRUCT:
--   segment             as classify_segment says
--   rule                the rule that decided, in words
--   frequency_from, frequency_to, monetary_from, monetary_below
--                       the rule's rectangle, as in segments.segment_rules
--   monetary_change     smallest change of monetary alone that changes the segment, to the cent
--   monetary_segment    the segment that it leads to
--   frequency_change    smallest change of the number of orders alone that changes the segment
--   frequency_segment   the segment that it leads to
-- A change that cannot be is NULL. NULL, NaN or infinity in gives NULL. $body is compiled
-- from the trained classifier.
create or replace macro main.explain_segment(monetary double, frequency double) as
case
    when isfinite(cast(monetary as double)) and isfinite(cast(frequency as double))
        then $body
end
