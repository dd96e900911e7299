"""The report: one HTML file that opens offline, and its charts as pictures.

`segmenter.report.queries` asks the database, `charts`, `customer_map` and `analyst_charts` draw,
`decision` and `analyst` say what there is to see, `page` makes HTML of it and `writing` a file.
"""

from __future__ import annotations

__all__: list[str] = []
