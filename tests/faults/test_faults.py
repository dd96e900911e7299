"""Kills, signals and failing writes at calls that change files: no mixture, no false word.

The gate tries some calls; ``pytest -m extended tests/faults`` tries every call of every verb.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys

import pytest

from tests.combinations import first_in_gate
from tests.faults.harness import FAIL_ON, FAIL_ONCE, KINDS, VERBS, Server, Trial

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="preloading is for Linux"),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc"),
]

EVERY = int(os.environ.get("SEGMENTER_FAULTS_EVERY", "1"))
"""For the extended run: only each so many-th fault."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("faults"))
    yield made
    made.close()


def try_some(trial, every, first=0, kinds=KINDS):
    """Return what was wrong at some of the faults, and how many were tried."""
    chosen = list(trial.faults(kinds))[first::every]
    found = {name: trial.complaints(fault) for name, fault in chosen}
    return {name: complaints for name, complaints in found.items() if complaints}, len(chosen)


@first_in_gate(
    ("verb", "every"),
    [
        ("fit-new", 149),
        ("refresh", 61),
        ("publish", 97),
        ("publish-folder", 211),
        ("publish-folder-new", 211),
        ("migrate", 227),
        ("label-csv", 23),
        ("demo-over", 211),
    ],
    first=2,
)
def test_a_fault_leaves_the_old_or_the_new_and_is_said_truly(server, tmp_path, verb, every):
    found, tried = try_some(Trial(verb, server, tmp_path / "work"), every, first=5)
    assert tried > 4
    assert not found


def test_when_only_the_checkpoint_fails_the_result_is_stored_and_said_so(server, tmp_path):
    trial = Trial("refresh", server, tmp_path / "work")
    log = [number for number, (_, path) in enumerate(trial.calls, 1) if path.endswith(".wal")]
    synced = max(number for number in log if trial.calls[number - 1][0] == "sync")
    after = next(
        number
        for number, (kind, path) in enumerate(trial.calls, 1)
        if number > synced and kind == "write" and path.endswith("shop.duckdb")
    )
    fault = {"what": FAIL_ON, "number": errno.ENOSPC, "call": after}
    assert trial.complaints(fault) == []
    trial.restart()
    done = trial.run(**fault)
    assert done["code"] == 0, done
    assert "the result is stored, but not in shop.duckdb itself" in done["err"]
    assert "It is in shop.duckdb.wal" in done["err"]
    assert trial.state() == trial.new


def test_a_commit_that_an_input_output_error_hits_may_be_stored_or_not(server, tmp_path):
    trial = Trial("prune", server, tmp_path / "work")
    synced = next(
        number
        for number, (kind, path) in enumerate(trial.calls, 1)
        if kind == "sync" and path.endswith(".wal")
    )
    fault = {"what": FAIL_ONCE, "number": errno.EIO, "call": synced}
    trial.restart()
    done = trial.run(**fault)
    assert done["code"] == 2, done
    assert "So the result may be stored or not" in done["err"]
    assert "with segmenter models DB" in done["err"]
    looked = trial.server.run(trial.folder, "models", trial.verb.database)
    assert looked["code"] == 0, looked
    assert trial.state() in (trial.old, trial.new)


@pytest.mark.extended
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_call_of_every_verb(server, tmp_path, verb, kind):
    trial = Trial(verb, server, tmp_path / "work")
    found, tried = try_some(trial, EVERY, kinds=[kind])
    print(f"{verb}, {kind}: {len(trial.calls)} calls, {tried} faults")
    assert not found
