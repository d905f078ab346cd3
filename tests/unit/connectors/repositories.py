"""Real Git repositories for tests, made by the real git."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Author:
    name: str
    day: int = 1


SOMEBODY = Author("山田 花子")


class Repository:
    def __init__(self, root: Path, *flags: str) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *flags, ".")

    def git(self, *arguments: str, author: Author = SOMEBODY) -> str:
        date = f"2026-04-{author.day:02}T09:00:00+09:00"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": "secret@example.jp",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": author.name,
            "GIT_COMMITTER_EMAIL": "secret@example.jp",
            "GIT_COMMITTER_DATE": date,
        }
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env=environment, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)

    def commit(
        self, files: Mapping[str, str | bytes] | None = None, author: Author = SOMEBODY
    ) -> str:
        self.write(files or {})
        self.git("add", "--all", "--force", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "変更", author=author)
        return self.git("rev-parse", "HEAD")

    def bundle(self, path: Path, *references: str) -> Path:
        self.git("bundle", "create", "--quiet", str(path), *(references or ["--all"]))
        return path
