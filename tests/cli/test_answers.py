"""What programs read of a command: JSON in an envelope on standard output, logs in lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from segmenter.cli.reply import SCHEMA
from tests.datasets import SHOP

FIT = (
    *("--transactions", "sales", "--customer", "customer_id", "--amount", "amount"),
    *("--order", "order_id", "--date", "sold_at"),
)

KEYS = ["schema", "command", "model_id", "published", "notes", "rows"]

READING = {
    "segments": (),
    "customers": (),
    "rules": (),
    "explain": ("250", "3"),
    "moves": ("--from", "2024-02-01"),
    "quality": (),
    "drift": (),
    "backtest": ("--as-of", "2024-03-01"),
    "models": (),
    "compare": ("1", "2"),
    "refresh": (),
}


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


def answer(result):
    found = json.loads(result.out)
    assert found["schema"] == SCHEMA
    return found


@pytest.fixture
def two_versions(fitted_file):
    return fitted_file(SHOP, *FIT, versions=2)


@pytest.mark.parametrize("verb", READING)
def test_every_answer_says_whose_rows_it_has(run, two_versions, verb):
    result = run(verb, two_versions, *READING[verb], "--format", "json", "--quiet")
    found = answer(result)
    assert list(found) == KEYS
    assert (found["command"], found["model_id"], found["published"]) == (verb, 2, True)
    assert found["rows"]
    assert all(set(note) == {"code", "message"} for note in found["notes"])


def test_a_fit_answers_with_its_model_and_its_notes_quiet_or_not(run, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
        con.execute("insert into sales values (null, 9001, 12.00, date '2024-05-01')")
    loud = run("fit", tmp_path / "shop.duckdb", *FIT, "--format", "json")
    quiet = run("fit", tmp_path / "shop.duckdb", *FIT, "--format", "json", "--quiet")
    assert quiet.err == ""
    first, second = answer(loud), answer(quiet)
    assert (first["model_id"], second["model_id"]) == (1, 2)
    assert [row["segment"] for row in first["rows"]] == ["Elite", "Loyal", "At-Risk"]
    said = [note["message"] for note in first["notes"]]
    assert any("1 row (0.4 %) has no customer" in message for message in said), said
    assert set(said) <= {note["message"] for note in second["notes"]}
    assert all(message in loud.err for message in said)


def test_what_a_fit_says_of_its_result_has_codes(run, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(
            "create table sales as select c as customer_id, 1 + c * c / 1000 as amount, "
            "c as order_id, date '2023-01-01' + (c % 25)::integer as sold_at "
            "from range(1000) as t(c)"
        )
    result = run("fit", tmp_path / "shop.duckdb", *FIT, "--format", "json", "--quiet")
    found = {note["code"]: note["message"] for note in answer(result)["notes"]}
    assert found["orders_without_spread"].startswith("everybody but the whales has 1 order")


def test_a_refit_that_is_not_published_answers_too(run, shop_file):
    words = ("--levels", "1", "--format", "json", "--quiet")
    result = run("refit", shop_file, *words)
    found = answer(result)
    assert result.code == 3
    assert (found["command"], found["model_id"], found["published"]) == ("refit", 2, False)
    assert [row["segment"] for row in found["rows"]] == ["Higher", "Lower"]
    # what is current is still what the other verbs answer with
    assert answer(run("segments", shop_file, "-f", "json"))["model_id"] == 1


def test_an_inspection_is_of_no_model(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as con:
        con.execute(SHOP)
        con.execute("copy sales to 'sales.csv'")
    found = answer(run("inspect", "sales.csv", "--format", "json"))
    assert (found["command"], found["model_id"], found["published"]) == ("inspect", None, False)
    assert set(KEYS) < set(found)


def test_messages_are_lines_of_a_log(run, shop_file):
    before = datetime.now(UTC) - timedelta(seconds=1)
    result = run("refit", shop_file, "--levels", "1", "--log-format", "json")
    lines = [json.loads(line) for line in result.err.splitlines()]
    assert {"time", "level", "message"} <= set.intersection(*(set(line) for line in lines))
    assert all(before <= datetime.fromisoformat(line["time"]) for line in lines)
    steps = {line["step"]: line for line in lines if "step" in line}
    assert steps["Storing"]["seconds"] >= 0
    assert {line["level"] for line in lines} == {"info", "warning"}
    last = lines[-1]
    assert last["level"] == "warning"
    assert last["message"].startswith("segmenter: model 2 is stored but not published")


def test_the_environment_says_it_too_and_an_error_is_one_line(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGMENTER_LOG_FORMAT", "json")
    for words in (("segments", tmp_path / "none.duckdb"), ("segmnts",), ("segments",)):
        result = run(*words)
        assert result.code == 2
        lines = [json.loads(line) for line in result.err.splitlines()]
        assert lines[0]["level"] == "error"
    text = run("segments", tmp_path / "none.duckdb", "--log-format", "text")
    assert text.err.startswith("segmenter: ")
    monkeypatch.delenv("SEGMENTER_LOG_FORMAT")
    assert run("segments", tmp_path / "none.duckdb").err == text.err


def test_a_hostile_name_stays_in_its_line(run, tmp_path):
    name = "a\nsegmenter: all is well\x1b[2J.duckdb"
    result = run("segments", tmp_path / name, "--log-format", "json")
    (line,) = result.err.splitlines()
    assert "\x1b" not in line
    assert name in json.loads(line)["message"]
