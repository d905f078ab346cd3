"""What is told to the log and to Prometheus, and what never is."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from bot import settings, telemetry
from bot.app.secret import secrets
from bot.core.inbox import Kind
from bot.core.model import Outcome, Reason
from bot.telemetry.metrics import MEANING, Metrics
from bot.telemetry.questions import QuestionLine, finished

ROOT = Path(__file__).parents[2]
SOURCE = """
[[sources]]
name = "git"
connector = "git"

[sources.options]
branch = "main"
token = "token-canary"
proxy = "http://me:proxy-canary@proxy.example"
"""
SECRET = '合言葉 p@ss"w\\ord'


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before, hook, root = structlog.get_config(), sys.excepthook, logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        structlog.configure(**before)
        sys.excepthook = hook
        root.handlers[:] = handlers
        root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_no_secret_gets_into_the_log_whoever_writes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.set_up_serving(verbose=True, secrets=[SECRET])
    structlog.get_logger().info("部品", error=f"cannot log in with {SECRET}")
    logging.getLogger("aiohttp").warning("cannot send %s", SECRET)
    error = OSError(repr(SECRET))
    sys.excepthook(OSError, error, None)
    written = capsys.readouterr().err

    assert [json.loads(line)["level"] for line in written.splitlines()] == [
        "info",
        "warning",
        "critical",
    ]
    assert SECRET not in written
    assert "合言葉" not in written
    assert "ord" not in written
    assert written.count("***") == 3


def test_secrets_are_those_of_all_tables_and_the_passwords_in_addresses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHIRUBE_OLLAMA__BEARER", "bearer-canary")
    monkeypatch.setenv(
        "SHIRUBE_STATE__URL", "postgresql://shirube:p%40ss-canary@db.example/shirube"
    )
    monkeypatch.setenv("SHIRUBE_INDEX__API_KEY", "key-canary")
    config = tmp_path / "shirube.toml"
    config.write_text(SOURCE, encoding="utf-8")
    found = secrets(settings.load(config))

    assert {
        "bearer-canary",
        "p%40ss-canary",
        "p@ss-canary",
        "key-canary",
        "token-canary",
        "proxy-canary",
    } < found
    assert not {"main", "git", "shirube"} & found


def test_a_question_is_one_line_with_fixed_fields_and_without_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.set_up_serving(verbose=False, secrets=[])
    finished(
        QuestionLine(
            question_id="q1",
            platform="slack",
            outcome=Outcome.ANSWERED,
            reason=Reason.NO_MODEL,
            seconds=1.23456,
            language="ja",
            asked=Kind.SHORTCUT,
            private=True,
            citations=2,
        )
    )
    (line,) = lines(capsys)

    assert line.pop("timestamp")
    assert line == {
        "event": "question.finished",
        "level": "info",
        "question_id": "q1",
        "platform": "slack",
        "outcome": "answered",
        "reason": "no_model",
        "seconds": 1.235,
        "language": "ja",
        "asked": "shortcut",
        "private": True,
        "passages": 0,
        "citations": 2,
        "limited": False,
        "attempts": 1,
        "follow_up": False,
    }


@pytest.mark.parametrize("page", ["docs/operating.md", "docs/ja/operating.md"])
def test_every_metric_is_explained(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert not [name for name in MEANING if f"| `{name}" not in text]


def test_metrics_count_questions_and_show_how_everything_stands() -> None:
    metrics = Metrics()
    now = datetime(2026, 11, 25, tzinfo=UTC)
    metrics.question_opened("slack")
    metrics.question_opened("slack")
    metrics.question_finished("slack", Outcome.ANSWERED, asked=Kind.MENTION, seconds=2)
    metrics.standing(leading=True, parts={"state": True, "index": False})
    metrics.host("chat", "gpu_a", "ill")
    metrics.generation("g1", now)
    metrics.generation("g2", now)
    metrics.source("規程", documents=3, synced=now)
    metrics.source("手順", documents=0, synced=None)
    told = metrics.exposition().decode()

    for line in (
        (
            'shirube_questions_total{asked="mention",outcome="answered",'
            'platform="slack"} 1.0'
        ),
        'shirube_questions_open{platform="slack"} 1.0',
        "shirube_leading 1.0",
        "shirube_ready 0.0",
        'shirube_part_ready{part="index"} 0.0',
        'shirube_model_host_state{host="gpu_a",role="chat",state="ill"} 1.0',
        'shirube_generation_begun_timestamp_seconds{generation="g2"} 1.7955648e+09',
        'shirube_sync_last_success_timestamp_seconds{source="規程"} 1.7955648e+09',
        'shirube_documents{source="手順"} 0.0',
    ):
        assert line in told.splitlines()
    assert 'timestamp_seconds{source="手順"}' not in told
    assert 'generation="g1"' not in told
    assert re.search(r"^shirube_process_resident_memory_bytes \d", told, re.MULTILINE)
