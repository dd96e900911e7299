"""A MariaDB of our own: in a temporary folder, reached from here alone, gone with the test run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

USER, PASSWORD = "reader", "hush-hush"
"""Who may read all and write nothing."""


class MariaDB:
    """A server that runs.

    Attributes
    ----------
    port : int
        Where it listens, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def connect(self, database: str | None = None) -> pymysql.Connection:
        """Return a connection of the user root, who needs no password; each statement commits."""
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True
        )

    def execute(self, *statements: str, database: str | None = None) -> list[tuple]:
        """Run statements and return the rows of the last."""
        with self.connect(database) as con, con.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


@contextmanager
def start_mariadb() -> Iterator[MariaDB]:
    """Start a server and stop it."""
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("there is no MariaDB on this machine: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="segmenter-"))
    common = ["--no-defaults", f"--datadir={folder}/data"]
    common += ["--user=root"] if os.getuid() == 0 else []
    try:
        subprocess.run(
            ["mariadb-install-db", *common, "--auth-root-authentication-method=normal",
             "--skip-test-db", "--skip-name-resolve"],
            check=True, capture_output=True,
        )  # fmt: skip
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
        options += ["--innodb-buffer-pool-size=16M", "--character-set-server=utf8mb4"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(["mariadbd", *common, *options], stderr=log)
        try:
            _wait(process, folder / "log")
            yield MariaDB(port)
        finally:
            process.kill()  # nobody wants the data any more
            process.wait()
    finally:
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 60
    while "ready for connections" not in (said := log.read_text()):
        assert process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.05)
