"""What the pages say to type for Spark runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.clients.conftest import QUICK
from tests.combinations import first_in_gate
from tests.docs.pages import pages, runnable
from tests.docs.sessions import plain_calls

CALLS = """
import json, sys
from segmenter.cli import main

for words in json.loads(sys.argv[1]):
    sys.argv = words
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, words
"""


@first_in_gate("page", sorted((page for page in pages() if runnable(page, "spark")), reverse=True))
def test_blocks_for_spark_run(session, tmp_path, page):
    """In one process a page: Spark stays in the folder in which it began, and starts for long."""
    pytest.importorskip("pyspark")
    here, found = session(page), []
    for block in runnable(page, "spark"):
        calls = plain_calls(block.code)
        assert calls, f"{page}:{block.line} is more than calls of segmenter"
        assert block.output is None, f"{page}:{block.line} shows what is not compared"
        found += calls
    settings = "".join(f"{name} {value}\n" for name, value in QUICK.items())
    (tmp_path / "spark-defaults.conf").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-c", CALLS, json.dumps(found)],
        cwd=here.folder,
        env={**here.environment, "SPARK_CONF_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
