"""Runs the real Weaviate server, one node or several, on the loopback interface."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx

from tests.fakes.ollama_server import ServerFailedError, cache

VERSION = "1.39.0"
ROOT_KEY = "root-key"

_START = 90.0
_COMMON = {
    "API_BASED_MODULES_DISABLED": "true",
    "AUTOSCHEMA_ENABLED": "false",
    "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
    "CLUSTER_BIND_ADDR": "127.0.0.1",
    "CLUSTER_IN_LOCALHOST": "true",
    # Without it writes hang when the Raft leader dies, and may land much later.
    "COLLECTION_RETRIEVAL_STRATEGY": "LocalOnly",
    "DISABLE_TELEMETRY": "true",
    "GO_PROFILING_DISABLE": "true",
    "LOG_LEVEL": "error",
}
_ANYBODY = {"AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true"}
_WITH_KEYS = {
    "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
    "AUTHENTICATION_APIKEY_ENABLED": "true",
    "AUTHENTICATION_APIKEY_ALLOWED_KEYS": ROOT_KEY,
    "AUTHENTICATION_APIKEY_USERS": "root",
    "AUTHENTICATION_DB_USERS_ENABLED": "true",
    "AUTHORIZATION_RBAC_ENABLED": "true",
    "AUTHORIZATION_RBAC_ROOT_USERS": "root",
}


def find_binary() -> Path | None:
    """Return the server to run: the named one, the built one, the installed one."""
    if named := os.environ.get("SHIRUBE_TEST_WEAVIATE"):
        return Path(named)
    built = cache() / f"weaviate-{VERSION}" / "weaviate-server"
    if built.exists():
        return built
    installed = shutil.which("weaviate-server") or shutil.which("weaviate")
    return Path(installed) if installed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of a node: all defaults would collide with those of another."""

    rest: int
    grpc: int
    gossip: int
    data: int
    raft: int  # the server also takes the one after it


@dataclass(slots=True, kw_only=True)
class Node:
    """One server with a data folder of its own; it may die and come back."""

    binary: Path
    folder: Path
    ports: Ports
    environment: Mapping[str, str]
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address for REST."""
        return f"http://127.0.0.1:{self.ports.rest}"

    @property
    def grpc(self) -> str:
        """The address for gRPC."""
        return f"127.0.0.1:{self.ports.grpc}"

    def start(self, **changes: str) -> None:
        """Start the server on its data; it is not ready yet."""
        command = [str(self.binary), "--host", "127.0.0.1", "--scheme", "http"]
        with (self.folder / "weaviate.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--port", str(self.ports.rest)],
                cwd=self.folder,
                env={**self.environment, **changes},
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)

    def wait(self) -> None:
        """Return as soon as the server is ready."""
        end = time.monotonic() + _START
        with httpx.Client(base_url=self.url, trust_env=False, timeout=2) as client:
            while time.monotonic() < end and self.processes[-1].poll() is None:
                try:
                    if client.get("/v1/.well-known/ready").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        raise ServerFailedError((self.folder / "weaviate.log").read_text()[-2000:])

    def answers(self) -> None:
        """Return as soon as the server answers, ready or not."""
        end = time.monotonic() + _START
        with httpx.Client(base_url=self.url, trust_env=False, timeout=2) as client:
            while time.monotonic() < end and self.processes[-1].poll() is None:
                try:
                    client.get("/v1/meta").raise_for_status()
                except httpx.HTTPError:
                    time.sleep(0.05)
                else:
                    return
        raise ServerFailedError((self.folder / "weaviate.log").read_text()[-2000:])

    def ask(
        self, method: str, path: str, content: object = None, *, missing: bool = False
    ) -> Any:
        """Make a call as the administrator, past the bot; returns what comes back.

        With `missing`, what is asked for need not be there.
        """
        wanted = "AUTHENTICATION_APIKEY_ENABLED" in self.environment
        headers = {"Authorization": f"Bearer {ROOT_KEY}"} if wanted else None
        with httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=30
        ) as client:
            answer = client.request(method, path, json=content)
        if not (missing and answer.status_code == 404):
            answer.raise_for_status()
        return answer.json() if answer.content else None

    def forget(self, prefix: str) -> None:
        """Delete the collections whose names begin so."""
        for collection in self.ask("GET", "/v1/schema")["classes"]:
            if collection["class"].startswith(prefix):
                self.ask("DELETE", f"/v1/schema/{collection['class']}")

    def give_key(self, user: str, actions: Sequence[str], /, *, on: str) -> str:
        """Make a user who may do this with the collections `on`; returns the key."""
        permissions = [
            {"action": action, action.partition("_")[2]: {"collection": on}}
            for action in actions
        ]
        answer = self.ask("POST", f"/v1/users/db/{user}", {})
        if permissions:
            role = {"name": user, "permissions": permissions}
            self.ask("POST", "/v1/authz/roles", role)
            self.ask("POST", f"/v1/authz/users/{user}/assign", {"roles": [user]})
        return str(answer["apikey"])

    def take_key(self, user: str) -> None:
        """Delete a user, who may be gone already, and what he was allowed."""
        self.ask("DELETE", f"/v1/users/db/{user}", missing=True)
        self.ask("DELETE", f"/v1/authz/roles/{user}", missing=True)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.processes[-1].kill()
        self.processes[-1].wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let the server take connections and answer nothing."""
        self.processes[-1].send_signal(SIGSTOP)
        try:
            yield
        finally:
            self.processes[-1].send_signal(SIGCONT)


@contextmanager
def running(binary: Path, folder: Path, *, keys: bool = False) -> Iterator[Node]:
    """Start one node and stop it at the end; with `keys` only `ROOT_KEY` may enter."""
    with nodes(binary, folder, keys=keys) as (node,):
        node.start()
        node.wait()
        yield node


@contextmanager
def cluster(binary: Path, folder: Path, size: int) -> Iterator[list[Node]]:
    """Start a cluster and stop it at the end."""
    with nodes(binary, folder, size=size) as members:
        for node in members:
            node.start()
        for node in members:
            node.wait()
        yield members


@contextmanager
def nodes(
    binary: Path, folder: Path, *, size: int = 1, keys: bool = False
) -> Iterator[list[Node]]:
    """Make the nodes of a cluster without starting them; kill them at the end."""
    ports = [_free_ports() for _ in range(size)]
    names = [f"n{number}" for number in range(1, size + 1)]
    members = []
    for name, own in zip(names, ports, strict=True):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        environment = {
            **_COMMON,
            **(_WITH_KEYS if keys else _ANYBODY),
            **_membership(names, ports),
            "CLUSTER_HOSTNAME": name,
            "CLUSTER_GOSSIP_BIND_PORT": str(own.gossip),
            "CLUSTER_DATA_BIND_PORT": str(own.data),
            "GRPC_PORT": str(own.grpc),
            "HOME": str(place),
            "PATH": os.environ.get("PATH", ""),
            "PERSISTENCE_DATA_PATH": str(place / "data"),
            "RAFT_PORT": str(own.raft),
            "RAFT_INTERNAL_RPC_PORT": str(own.raft + 1),
        }
        if own is not ports[0]:
            environment["CLUSTER_JOIN"] = f"127.0.0.1:{ports[0].gossip}"
        members.append(
            Node(binary=binary, folder=place, ports=own, environment=environment)
        )
    try:
        yield members
    finally:
        for process in [process for node in members for process in node.processes]:
            process.kill()
            process.wait()


def _membership(names: list[str], ports: list[Ports]) -> dict[str, str]:
    pairs = zip(names, ports, strict=True)
    return {
        "RAFT_JOIN": ",".join(f"{name}:{own.raft}" for name, own in pairs),
        "RAFT_BOOTSTRAP_EXPECT": str(len(names)),
    }


def _free_ports() -> Ports:
    with ExitStack() as stack:
        rest, grpc, gossip, data = [_taken(stack, 0) for _ in range(4)]
        while True:
            raft = _taken(stack, 0)
            try:
                _taken(stack, raft + 1)
            except (OSError, OverflowError):
                continue
            return Ports(rest=rest, grpc=grpc, gossip=gossip, data=data, raft=raft)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with ExitStack() as stack:
        return _taken(stack, 0)


def _taken(stack: ExitStack, port: int) -> int:
    holder = stack.enter_context(closing(socket.socket()))
    holder.bind(("127.0.0.1", port))
    number: int = holder.getsockname()[1]
    return number
