"""Every writing verb, stopped or failed at each of its calls that change files.

After each run the files are as before or as after a whole run, what the command said of them is
true, and the next command leaves nothing but what belongs there.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.datasets import RETAIL, SHOP
from tests.faults.states import contents, differences, file_state, published_state

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LAYOUT_3 = HERE.parent / "storage" / "layout_3" / "shop.duckdb.gz"

INSIDE = (".png", ".parquet", ".json")
"""What may be in a folder that a verb writes."""

MANIFEST = "lake/publication.json"

COUNT, KILL, SIGNAL, FAIL_ONCE, FAIL_ON = 1, 2, 3, 4, 5

KINDS = {
    "kill": {"what": KILL},
    "SIGINT": {"what": SIGNAL, "number": int(signal.SIGINT)},
    "SIGTERM": {"what": SIGNAL, "number": int(signal.SIGTERM)},
    "ENOSPC-once": {"what": FAIL_ONCE, "number": errno.ENOSPC},
    "ENOSPC-on": {"what": FAIL_ON, "number": errno.ENOSPC},
    "EDQUOT-once": {"what": FAIL_ONCE, "number": errno.EDQUOT},
    "EDQUOT-on": {"what": FAIL_ON, "number": errno.EDQUOT},
    "EIO-once": {"what": FAIL_ONCE, "number": errno.EIO},
    "EIO-on": {"what": FAIL_ON, "number": errno.EIO},
}
"""What happens at a call, once or from then on."""

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id", "--date", "sold_at",
)  # fmt: skip
FILE = ("--transactions", "sales.parquet", *FIT[2:])
DEMO = "segmenter-demo.duckdb"
OLD_PAGE = '<!doctype html>\n<meta name="generator" content="segmenter 0">'


@dataclass(frozen=True)
class Verb:
    """A command that writes: the files it starts from, its words, and what it makes."""

    argv: tuple[str, ...]
    start: tuple[str, ...] = ("shop.duckdb",)
    database: str = "shop.duckdb"
    outputs: tuple[str, ...] = ()
    code: int = 0


LABEL = ("label", "shop.duckdb", "--input")
VERBS = {
    "fit-new": Verb(("fit", "shop.duckdb", *FILE), ("sales.parquet",)),
    "fit-existing": Verb(("fit", "shop.duckdb", *FIT), ("plain.duckdb:shop.duckdb",)),
    "refit": Verb(("refit", "shop.duckdb", "--levels", "auto", "--publish")),
    "refit-unpublished": Verb(
        ("fit", "shop.duckdb", *FIT, "--levels", "1", "--max-change", "0"), code=3
    ),
    "refresh": Verb(("refresh", "shop.duckdb")),
    "migrate": Verb(("refresh", "shop.duckdb"), ("layout_3.duckdb:shop.duckdb",)),
    "rollback": Verb(("rollback", "shop.duckdb", "1")),
    "prune": Verb(("prune", "shop.duckdb", "--keep", "1")),
    "forget": Verb(("forget", "shop.duckdb", "--id", "17")),
    "backtest": Verb(("backtest", "shop.duckdb", "--as-of", "2024-03-01")),
    "quality": Verb(("quality", "shop.duckdb")),
    "publish-new": Verb(("publish", "shop.duckdb", "--to", "bi.duckdb"), database="bi.duckdb"),
    "publish": Verb(
        ("publish", "shop.duckdb", "--to", "bi.duckdb"),
        ("shop.duckdb", "published.duckdb:bi.duckdb"),
        database="bi.duckdb",
    ),
    "publish-folder-new": Verb(("publish", "shop.duckdb", "--to", "lake/"), outputs=("lake",)),
    "publish-folder": Verb(
        ("publish", "shop.duckdb", "--to", "lake/"),
        ("shop.duckdb", "published:lake"),
        outputs=("lake",),
    ),
    "label-parquet": Verb(
        (*LABEL, "profiles.parquet", "--output", "out.parquet", "--overwrite"),
        ("shop.duckdb", "profiles.parquet", "old:out.parquet"),
        outputs=("out.parquet",),
    ),
    "label-csv": Verb(
        (*LABEL, "profiles.parquet", "--output", "out.csv"),
        ("shop.duckdb", "profiles.parquet"),
        outputs=("out.csv",),
    ),
    "report": Verb(
        ("report", "shop.duckdb", "-o", "report.html", "--overwrite"),
        ("shop.duckdb", "page:report.html"),
        outputs=("report.html",),
    ),
    "report-png": Verb(
        ("report", "shop.duckdb", "-o", "report.html", "--png", "pictures", "--overwrite"),
        outputs=("report.html", "pictures"),
    ),
    "demo": Verb(("demo", DEMO), (), DEMO),
    "demo-over": Verb(("demo", DEMO), (DEMO,), DEMO),
}

IN_PARTS = ("report-png", "publish-folder-new", "publish-folder")
"""Verbs that write several files, each of them by one rename."""


@dataclass
class Server:
    """The fork server and what it started from."""

    base: Path
    python: str = sys.executable
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        compiler = ["gcc", "-O2", "-shared", "-fPIC", "-o", self.base / "shim.so"]
        subprocess.run([*compiler, HERE / "shim.c", "-ldl"], check=True)
        self._small_demo()
        self.process = subprocess.Popen(
            [self.python, str(HERE / "server.py"), str(self.base / "retail.parquet")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "LD_PRELOAD": str(self.base / "shim.so"),
                "PYTHONPATH": str(ROOT),
                "COLUMNS": "140",
            },
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self._make_files()

    def run(self, folder: Path, *argv: str, **fault) -> dict:
        """Run a command, with a fault or without."""
        out, err = self.base / "out", self.base / "err"
        job = {"argv": argv, "folder": str(folder), "out": str(out), "err": str(err), **fault}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return {**answer, "out": out.read_text(), "err": err.read_text()}

    def close(self) -> None:
        self.process.communicate()

    def _small_demo(self) -> None:
        with duckdb.connect() as con:
            con.execute(
                f"copy (from read_parquet('{RETAIL}') where CustomerID % 50 = 0) "
                f"to '{self.base}/retail.parquet'"
            )

    def _make_files(self) -> None:
        for name in ("plain", "shop"):
            config = {"storage_compatibility_version": "v1.4.0"}
            with duckdb.connect(str(self.base / f"{name}.duckdb"), config=config) as con:
                con.execute(SHOP)
                con.execute(f"copy sales to '{self.base}/sales.parquet'")
                con.execute(
                    "copy (select customer_id, sum(amount)::double as monetary, count(*) as "
                    f"frequency from sales group by 1 order by 1) to '{self.base}/profiles.parquet'"
                )
        with gzip.open(LAYOUT_3) as packed, (self.base / "layout_3.duckdb").open("wb") as file:
            shutil.copyfileobj(packed, file)
        (self.base / "old").write_text("precious")
        (self.base / "page").write_text(OLD_PAGE)
        words = ("--input", "profiles.parquet", "--output", "labelled.csv")
        for argv, code in (
            (("fit", *FIT), 0),
            (("quality",), 0),
            (("fit", *FIT, "--levels", "3", "--publish"), 0),
            (("fit", *FIT, "--levels", "1", "--max-change", "0"), 3),
            (("backtest", "--as-of", "2024-02-15"), 0),
            (("refresh",), 0),
            (("label", *words), 0),
            (("report", "--png", "pictures"), 0),
            (("publish", "--to", "published.duckdb"), 0),
            (("publish", "--to", "published/"), 0),
        ):
            done = self.run(self.base, argv[0], "shop.duckdb", *argv[1:], "--quiet", here=True)
            assert done["code"] == code, done
        with duckdb.connect(str(self.base / "shop.duckdb")) as con:
            con.execute("insert into sales values (5, 9001, 700, '2024-05-01')")
            con.execute("delete from sales where customer_id = 11")
        assert self.run(self.base, "demo", DEMO, "--quiet", here=True)["code"] == 0


@dataclass
class Trial:
    """One verb in a folder of its own: its state before and after a whole run, and its calls."""

    name: str
    server: Server
    folder: Path

    def __post_init__(self) -> None:
        self.verb = VERBS[self.name]
        self._known: dict[tuple[str, ...], dict[str, str]] = {}
        self.restart()
        self.old = self.state()
        log = self.server.base / "log"
        done = self.run(what=COUNT, log=str(log))
        assert done["code"] == self.verb.code, done
        words = [line.split(" ", 2) for line in log.read_text().splitlines()]
        self.calls = [(kind, path) for _, kind, path in words]
        self.new = self.state()
        assert self.new != self.old or self.name == "demo-over"
        assert self.leftovers() == [], self.leftovers()

    def restart(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for file in self.verb.start:
            source, _, name = file.partition(":")
            place = self.server.base / source
            copy = shutil.copytree if place.is_dir() else shutil.copyfile
            copy(place, self.folder / (name or source))

    def run(self, **fault) -> dict:
        return self.server.run(self.folder, *self.verb.argv, "--quiet", **fault)

    def state(self) -> dict[str, str]:
        found: dict[str, str] = {}
        database = self.folder / self.verb.database
        if database.exists():
            # most faults leave the very bytes of before, whose contents are known
            files = (database, database.with_name(f"{database.name}.wal"))
            key = tuple(file_state(file) if file.exists() else "" for file in files)
            if key not in self._known:
                self._known[key] = contents(database)
            found = dict(self._known[key])
        for name in self.verb.outputs:
            path = self.folder / name
            for file in sorted(path.glob("[!.]*")) if path.is_dir() else [path]:
                if file.exists():
                    state = published_state if name == "lake" else file_state
                    found[str(file.relative_to(self.folder))] = state(file)
        return found

    def leftovers(self) -> list[str]:
        """Return the files that do not belong here."""
        known = {name.partition(":")[2] or name for name in self.verb.start}
        known |= {self.verb.database, *self.verb.outputs}
        found = [file.relative_to(self.folder) for file in self.folder.rglob("*")]
        return [
            str(file)
            for file in found
            if file.parts[0] not in known or (len(file.parts) > 1 and file.suffix not in INSIDE)
        ]

    def faults(self, kinds: Iterable[str] = KINDS) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield every fault of these kinds at every call, with its name."""
        for call in range(1, len(self.calls) + 1):
            for kind in kinds:
                yield f"{kind}@{call}", {**KINDS[kind], "call": call}

    def complaints(self, fault: dict[str, int]) -> list[str]:
        """Run with a fault, then once more without, and return what is wrong."""
        self.restart()
        done = self.run(**fault)
        try:
            state = self.state()
        except duckdb.Error as error:
            return [f"the database cannot be opened: {error}"]
        is_old, is_new = state == self.old, state == self.new
        found = list(self._false_words(done, state, is_old=is_old, is_new=is_new))
        if not (is_old or is_new) and not self._is_told_in_part(done, state, fault):
            found.append(f"a mixture: {differences(state, self.old, self.new)}")
        if self.leftovers() or not (is_old or is_new):
            found += self._left_behind(is_old=not is_new)
        return [f"{complaint} | {done['code']} {done['err'].strip()}" for complaint in found]

    def _left_behind(self, *, is_old: bool) -> Iterator[str]:
        """Run once more, which must do the work that was not done and clean up."""
        again = self.run(what=COUNT)
        if again["code"] not in (0, 2, 3):
            yield f"the next run broke: {again['code']} {again['err']}"
        elif is_old and (again["code"] != self.verb.code or self.state() != self.new):
            yield f"the next run did not do the work: {again['code']} {again['err']}"
        if not is_old:
            # it may have had nothing to do, and a log waits for the next who writes
            duckdb.connect(str(self.folder / self.verb.database)).close()
        if self.leftovers():
            yield f"left after the next run: {self.leftovers()}"

    def _false_words(self, done, state, *, is_old, is_new) -> Iterator[str]:
        code, said = done["code"], done["err"]
        if code == -signal.SIGKILL or (code == -signal.SIGABRT and "terminate called" in said):
            return  # the second: where it cannot shorten its log, DuckDB ends the process itself
        if "Traceback" in said or code not in (0, 2, 3, 4, 130):
            yield f"exit code {code}"
        if code in (0, self.verb.code) and not is_new:
            yield "success is false"
        if "may be stored or not" in said:
            return  # a disk that fails while DuckDB syncs its log
        claims_nothing = "othing was written" in said or code == 4
        claims_stored = "is stored" in said or "was stored already" in said
        if claims_nothing and not is_old:
            yield "'nothing was written' is false"
        if claims_stored and not is_new:
            yield "'stored' is false"
        if code in (2, 130) and not claims_stored and is_new and not is_old:
            yield "it is stored, and not a word of it"

    def _is_told_in_part(self, done, state, fault) -> bool:
        """Whether files are whole, some old and some new, and this was killed or said."""
        if any(state.get(key) not in (self.old.get(key), self.new.get(key)) for key in state):
            return False
        told = fault["what"] == KILL or re.search("files (is|are) new", done["err"]) is not None
        # the manifest of a folder is new only where all that it names is
        is_complete = MANIFEST in self.new and state.get(MANIFEST) == self.new[MANIFEST]
        is_partly = is_complete and all(state.get(key) == self.new[key] for key in self.new)
        return self.name in IN_PARTS and told and (is_partly or not is_complete)
