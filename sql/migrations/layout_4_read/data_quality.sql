-- segments.data_quality of a file of layout 3 that is only read.
select * rename (share as share_of_total, words as message)
from segments.data_quality
