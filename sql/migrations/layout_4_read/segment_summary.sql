-- segments.segment_summary of a file of layout 3 that is only read.
select * rename (share as share_of_customers)
from segments.segment_summary
