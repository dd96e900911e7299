"""Write the parts of the pages that are made from the code."""

from tests.docs.pages import ROOT
from tests.docs.reference import PAGES, written_anew

for page in PAGES:
    text = written_anew(page)
    (ROOT / page).write_text(text, encoding="utf-8")
