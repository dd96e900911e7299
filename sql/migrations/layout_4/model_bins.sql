-- segments_internal.model_bins, from layout 3: the share says of what.
select
    * exclude (share),
    share as share_of_customers
from segments.model_bins
