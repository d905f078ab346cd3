"""Runs a real PostgreSQL server on a free port of the loopback interface."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.fakes.ollama_server import ServerFailedError

DATABASE = "標"
USER = "shirube"
PASSWORD = "合言葉 p@ss/w:rd?#%"
"""Every character that an address gives a meaning to."""

_INSTALLED = Path("/usr/lib/postgresql")
_START = 60.0
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "deadlock_timeout": "500ms",
}


def find_binaries() -> Path | None:
    """Return the folder of the programs: the named one, the newest, the installed."""
    if named := os.environ.get("SHIRUBE_TEST_POSTGRES"):
        return Path(named)
    found = [path.parent for path in _INSTALLED.glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    installed = shutil.which("postgres")
    return Path(installed).resolve().parent if installed else None


@dataclass(slots=True, kw_only=True)
class RunningPostgres:
    """A server of our own; it may stop and come back."""

    binaries: Path
    folder: Path
    port: int
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        """Start the server on its data, and return when it answers."""
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [
                        self.binaries / "postgres",
                        *("-D", self.folder / "data"),
                        *("-k", self.folder, "-p", str(self.port)),
                        *options,
                    ],
                    cwd=self.folder,
                    user=_account(),
                    stdout=log,
                    stderr=log,
                )
            )
        end = time.monotonic() + _START
        while time.monotonic() < end and self.processes[-1].poll() is None:
            ready = [str(self.binaries / "pg_isready"), "-q", *self._here()]
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.02)
        raise ServerFailedError((self.folder / "log").read_text()[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT breaks connections off, SIGQUIT is a crash."""
        self.processes[-1].send_signal(how)
        self.processes[-1].wait(timeout=30)

    def url(
        self,
        schema: str | None = None,
        *,
        user: str = USER,
        password: str = PASSWORD,
        database: str = DATABASE,
        **query: str,
    ) -> str:
        """Return an address as an operator would write it."""
        if schema is not None:
            query["search_path"] = f'"{schema}"'
        pairs = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        account = f"{quote(user)}:{quote(password, safe='')}"
        place = f"{account}@127.0.0.1:{self.port}/{quote(database)}"
        return f"postgresql://{place}" + (f"?{pairs}" if pairs else "")

    def tell(self, statement: str, *, database: str = DATABASE) -> str:
        """Run a statement as the server's owner, and return what it prints."""
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            [self.binaries / command[0], *command[1:], *self._here(), "-c", statement],
            env={"PGDATABASE": database, "PGUSER": "postgres", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerFailedError(done.stderr)
        return done.stdout.strip()

    def make(self) -> None:
        """Lay out the data, the user, and a database that sorts as the Japanese do."""
        subprocess.run(
            [
                self.binaries / "initdb",
                *("-D", self.folder / "data", "-U", "postgres", "-N"),
                *("-E", "UTF8", "--locale=C.UTF-8"),
                *("--auth-local=trust", "--auth-host=scram-sha-256"),
            ],
            cwd=self.folder,
            user=_account(),
            capture_output=True,
            check=True,
        )
        self.start()
        secret = PASSWORD.replace("'", "''")
        self.tell(f"CREATE ROLE {USER} LOGIN PASSWORD '{secret}'", database="postgres")
        self.tell(
            f'CREATE DATABASE "{DATABASE}" OWNER {USER} TEMPLATE template0 '
            "LOCALE_PROVIDER icu ICU_LOCALE 'ja-JP' LOCALE 'C.UTF-8'",
            database="postgres",
        )

    def make_schema(self, name: str) -> None:
        """Make an empty schema that belongs to the user."""
        self.tell(f'CREATE SCHEMA "{name}" AUTHORIZATION {USER}')

    def _here(self) -> list[str]:
        return ["-h", str(self.folder), "-p", str(self.port)]


def _account() -> int | None:
    """Return whom the server runs as: it refuses root."""
    return pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None


@contextmanager
def running(binaries: Path) -> Iterator[RunningPostgres]:
    """Start a server with a data folder of its own, and stop it at the end.

    The folder is no `tmp_path`: those lie where only their owner may go.
    """
    folder = Path(tempfile.mkdtemp(prefix="shirube-postgres-"))
    account = _account()
    if account is not None:
        os.chown(folder, account, -1)
    server = RunningPostgres(binaries=binaries, folder=folder, port=_free_port())
    try:
        server.make()
        yield server
    finally:
        for process in server.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait()
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
