"""Sessions in which the blocks of a page run, and the folder in which they begin."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import Source
from segmenter.cli import main
from tests.datasets import RETAIL
from tests.docs.pages import ROOT, Block

CALL = "import sys; from segmenter.cli import main; sys.argv[0] = 'segmenter'; main()"

DBT = "from dbt.cli.main import cli; cli(prog_name='dbt')"

STORAGE = {"storage_compatibility_version": "v1.4.0"}

SALES = Source.from_transactions(
    "sales",
    customer="customer_id",
    amount="quantity * unit_price",
    order="invoice_no",
    date="invoice_date",
)


def furnish(folder: Path) -> None:
    """Put into a folder what the pages take to be there.

    ``shop.duckdb`` has the table ``sales``, Online Retail under plain names, and a first version of
    its model; ``exports`` and ``warehouse`` are Parquet files of it, ``profiles.parquet`` and
    ``lake/profiles`` are profiles, ``orders.csv`` is the beginning of ``sales``,
    ``internal_accounts.csv`` lists test accounts, ``crm.csv`` has everybody's e-mail address, and
    ``optout.csv`` who objects.
    """
    with duckdb.connect(str(folder / "shop.duckdb"), config=STORAGE) as con:
        con.execute(
            """
            create table sales as
            select InvoiceNo as invoice_no, CustomerID as customer_id, InvoiceDate as invoice_date,
                Quantity as quantity, UnitPrice as unit_price
            from read_parquet($1)
            """,
            [RETAIL],
        )
        for path in ("exports", "warehouse", "lake/profiles"):
            (folder / path).mkdir(parents=True)
        con.execute(
            """
            create temp table rows as
            select invoice_no, customer_id, customer_id as "CustomerID", invoice_date, quantity,
                unit_price, round(quantity * unit_price, 2) as amount
            from sales where customer_id is not null;
            create temp table profiles as
            select customer_id, sum(amount) as monetary,
                count(distinct invoice_no) filter (amount > 0) as frequency
            from rows group by customer_id;
            copy sales to 'sales.csv';
            copy (from sales limit 60000) to 'orders.csv';
            copy rows to 'exports/sales.parquet';
            copy rows to 'warehouse/sales.parquet';
            copy profiles to 'profiles.parquet';
            copy profiles to 'lake/profiles/part.parquet';
            copy (select 12346 as customer_id) to 'internal_accounts.csv';
            copy (select customer_id, customer_id || '@example.com' as email from profiles)
            to 'crm.csv';
            copy (select 12347 as customer_id) to 'optout.csv';
            """
        )
        segmenter.fit(con, SALES)


class Session:
    """What the blocks of one page share: a folder, programs, a namespace."""

    def __init__(self, folder: Path, programs: Path, **environment: str) -> None:
        self.folder = folder
        self.namespace: dict[str, object] = {"__name__": "page"}
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "COLUMNS"},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **environment,
        }
        ours = f"exec {shlex.quote(sys.executable)}"
        called = (("segmenter", CALL), ("dbt", DBT))
        programs_of = [(name, f" -c {shlex.quote(call)}") for name, call in called]
        for name, words in (*programs_of, ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\n{ours}{words} "$@"\n')
            program.chmod(0o755)

    def run(self, block: Block) -> None:
        """Run a block, and compare what it prints with what is shown."""
        printed = getattr(self, f"_{block.language}")(block)
        if block.output is not None:
            where = f"{block.page}:{block.line}"
            assert matches(printed, block.output), f"{where} prints:\n{printed}"

    def _sh(self, block: Block) -> str:
        lines = plain_calls(block.code)
        if lines is not None:
            return "".join(self._call(words, block) for words in lines)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.code],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        where = f"{block.page}:{block.line}"
        assert ended.returncode == 0, f"{where}\n{block.code}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def _call(self, words: list[str], block: Block) -> str:
        """Run a command in this process, which has loaded already what each needs."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        code = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", words)
            for name in {"COLUMNS", *self.environment} - {"PATH", "PYTHONPATH"}:
                patch.delenv(name, raising=False)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    main()
                except SystemExit as stop:
                    code = stop.code or 0
        printed, said = (stream.buffer.getvalue().decode() for stream in (out, err))
        assert code == 0, f"{block.page}:{block.line}\n{shlex.join(words)}\n{printed}\n{said}"
        return printed

    def _python(self, block: Block) -> str:
        if block.code.startswith(">>> "):
            return self._prompts(block)
        printed = io.StringIO()
        code = compile("\n" * block.line + block.code, block.page, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, self.namespace)
        return printed.getvalue()

    def _prompts(self, block: Block) -> str:
        """Run a block that shows what follows each of its lines."""
        failed: list[str] = []
        examples = doctest.DocTestParser().get_doctest(
            block.code, self.namespace, block.page, block.page, block.line
        )
        examples.globs = self.namespace
        doctest.DocTestRunner(verbose=False).run(examples, out=failed.append, clear_globs=False)
        assert not failed, "".join(failed)
        return ""

    def _sql(self, block: Block) -> str:
        file = next((word for word in block.needs if word.endswith(".duckdb")), "shop.duckdb")
        with duckdb.connect(str(self.folder / file)) as con:
            for statement in con.extract_statements(block.code):
                found = con.execute(statement)
                names = [column[0] for column in found.description or []]
                rows = found.fetchall()
        if block.table is not None:
            shown = [
                [cell.strip() for cell in line.strip("| \n").split("|")]
                for line in block.table.splitlines()
            ]
            shown.pop(1)
            found_rows = [names, *[[_cell(value) for value in row] for row in rows]]
            where = f"{block.page}:{block.line}"
            assert found_rows == shown, f"{where} returns {found_rows}"
        return "\n".join("\t".join(map(_cell, row)) for row in rows)


def plain_calls(code: str) -> list[list[str]] | None:
    """Return the words of each line where all are calls of ``segmenter``, and leave bash no work.

    Returns
    -------
    list of list of str, or None
        None where there is another program, an operator, a variable or a pattern.
    """
    lines = [line for line in code.replace("\\\n", " ").splitlines() if line.strip()]
    try:
        as_written = [word for line in lines for word in shlex.shlex(line, punctuation_chars=True)]
        words = [shlex.split(line, comments=True) for line in lines]
    except ValueError:  # a text in quotes of several lines
        return None
    is_ours = all(word[:1] == ["segmenter"] for word in words)
    return words if is_ours and all(map(_means_itself, as_written)) else None


def _means_itself(word: str) -> bool:
    """Tell whether bash would take a word, with its quotes, as it stands."""
    if word[0] == "'":
        return True
    return re.search("[$`]" if word[0] == '"' else r"[$`|&;<>~*?{\[]", word) is None


def matches(printed: str, shown: str) -> bool:
    """Tell whether a program printed what is shown, where a line ``...`` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r" *\n"
        for line in shown.strip("\n").splitlines()
    )
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
