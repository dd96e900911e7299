"""A PostgreSQL that speaks TLS alone, with a certificate of our own and a password."""

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

import pytest
import trustme

USER, PASSWORD = "keeper", "hush-hush"


class TlsPostgres:
    """A server that runs.

    Attributes
    ----------
    port : int
        Where it listens, on 127.0.0.1, which its certificate is for.
    authority : str
        The file of who signed the certificate.
    """

    def __init__(self, port: int, authority: Path) -> None:
        self.port, self.authority = port, str(authority)

    def dsn(self, **options: object) -> str:
        """Return how it is reached, its certificate looked at in full."""
        known = {
            "host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD,
            "dbname": "postgres", "sslmode": "verify-full", "sslrootcert": self.authority,
        }  # fmt: skip
        return " ".join(f"{name}={value}" for name, value in (known | options).items())


@contextmanager
def start_tls_postgres() -> Iterator[TlsPostgres]:
    """Start a server and stop it: one of the system, as that of the other tests knows no TLS."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    owner = {"user": "postgres"} if os.getuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="segmenter-"))
    try:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        (folder / "password").write_text(PASSWORD)
        (folder / "key.pem").chmod(0o600)
        for path in (folder, *folder.iterdir()) if owner else ():
            shutil.chown(path, "postgres")
        options = ["-A", "scram-sha-256", "-U", USER, f"--pwfile={folder}/password", "--no-sync"]
        subprocess.run(
            [found[-1], "-D", folder / "data", *options],
            check=True, capture_output=True, cwd=folder, **owner,
        )  # fmt: skip
        (folder / "data/pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder,
            "ssl": "on", "ssl_cert_file": folder / "certificate.pem",
            "ssl_key_file": folder / "key.pem", "fsync": "off", "lc_messages": "C",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [found[-1].with_name("postgres"), "-D", folder / "data", *words],
                stderr=log, cwd=folder, **owner,
            )  # fmt: skip
        try:
            _wait(process, folder / "log")
            yield TlsPostgres(port, folder / "authority.pem")
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + 60
    while "ready to accept connections" not in (said := log.read_text()):
        assert process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.05)
