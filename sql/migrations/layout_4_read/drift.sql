-- segments.drift of a file of layout 3 that is only read.
select * rename (words as message)
from segments.drift
