-- classify_segment(monetary, frequency)
-- The current model as one CASE expression: segment of a customer who spent monetary in frequency
-- orders. NULL, NaN or infinity in gives NULL. $body is compiled from the trained classifier: in
-- the macro it finds the segment's rank, which names the segment in a list.
create or replace macro main.classify_segment(monetary double, frequency double) as
case
    when isfinite(cast(monetary as double)) and isfinite(cast(frequency as double)) then $body
end
