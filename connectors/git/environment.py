"""The environment git runs in: nothing of the machine's, nothing that runs code."""

import base64
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PASSED_ON = (
    *("PATH", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"),
)

HARDENED = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "protocol.ext.allow": "never",
    "transfer.fsckObjects": "true",
    # Faults of old writers that harm nobody and that no host repairs any more.
    "fetch.fsck.zeroPaddedFilemode": "ignore",
    "fetch.fsck.missingSpaceBeforeDate": "ignore",
    "fetch.fsck.badTimezone": "ignore",
    "fetch.recurseSubmodules": "false",
    "filter.lfs.smudge": "",
    "filter.lfs.required": "false",
    "credential.helper": "",
    # A redirect could lead to a host that nobody configured.
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "gc.autoDetach": "false",
    "maintenance.autoDetach": "false",
    "i18n.logOutputEncoding": "utf-8",
}
"""Settings of every git process, through GIT_CONFIG_COUNT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How git reaches a repository; `protocols` is all it may speak.

    A token is sent to `host` only, in a header, never in an address.
    """

    protocols: str
    host: str = ""
    user: str = ""
    token: str = field(default="", repr=False)
    ssh_key: Path | None = None
    known_hosts: Path | None = None
    ca_file: Path | None = None
    proxy: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any message, longest first."""
        found = {self.token, self._credentials, self.proxy} - {""}
        return tuple(sorted(found, key=len, reverse=True))

    @property
    def _credentials(self) -> str:
        pair = f"{self.user}:{self.token}".encode()
        return base64.b64encode(pair).decode() if self.token and self.user else ""

    def settings(self) -> dict[str, str]:
        """Return the settings that say how to get in."""
        settings = {}
        if self.token:
            scheme = (
                f"Basic {self._credentials}" if self.user else f"Bearer {self.token}"
            )
            key = f"http.https://{self.host}/.extraHeader"
            settings[key] = f"Authorization: {scheme}"
        if self.ca_file:
            settings["http.sslCAInfo"] = str(self.ca_file)
        if self.proxy:
            settings["http.proxy"] = self.proxy
        return settings

    def ssh_command(self) -> str:
        """Return how ssh is started: it never asks, and knows its hosts."""
        command = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
        command += ["-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no"]
        if self.ssh_key:
            command += ["-o", "IdentitiesOnly=yes", "-i", str(self.ssh_key)]
        if self.known_hosts:
            command += ["-o", f"UserKnownHostsFile={self.known_hosts}"]
        return shlex.join(command)


def environment(
    access: Access, home: Path, given: Mapping[str, str] | None = None, /
) -> dict[str, str]:
    """Return the whole environment of a git process.

    `home` is an empty folder with at most the file `gitconfig`, which says what may
    be said nowhere else: whose repositories are safe to read.
    """
    around = os.environ if given is None else given
    settings = {**HARDENED, **access.settings()}
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        numbered[f"GIT_CONFIG_KEY_{number}"] = key
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        **{name: around[name] for name in _PASSED_ON if name in around},
        **numbered,
        "GIT_ALLOW_PROTOCOL": access.protocols,
        "GIT_ASKPASS": "true",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_SSH_COMMAND": access.ssh_command(),
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": str(home),
        "LC_ALL": "C",
    }
