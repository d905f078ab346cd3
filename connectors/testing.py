"""The rules that every connector keeps, as a pytest class to subclass.

    class TestFolder(ConnectorContract):
        @pytest.fixture
        def connector(self, tmp_path): ...  # a Subject over a small export

The export lies below `context.base` and holds at least two documents, one of them
with a Japanese title; `context.options` is not empty, and `context.layers` is set.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from connectors.api import (
    Connect,
    Connector,
    Context,
    Document,
    Entry,
    Failed,
    Layers,
    Link,
    Snapshot,
)
from connectors.errors import OptionsError, SourceUnavailable

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_KIND = re.compile(r"[a-z][a-z0-9_:]*")
_SAMPLES = 3
_TEMPLATE = "https://docs.example/{space}/{path}?id={id}&title={title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A connector under test: how it is made, and of what."""

    connect: Connect
    context: Context

    def make(
        self,
        *,
        options: Mapping[str, object] | None = None,
        layers: Layers | None = None,
        link: str | None = None,
    ) -> Connector:
        """Make the connector, with some fields of its context replaced."""
        given = self.context
        context = replace(
            given,
            options=given.options if options is None else options,
            layers=given.layers if layers is None else layers,
            link=given.link if link is None else link,
        )
        return self.connect(context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything one open snapshot says."""

    entries: list[Entry]
    failures: list[Failed]
    documents: dict[str, Document | Failed]
    checkpoint: str | None


def entries_of(snapshot: Snapshot) -> list[Entry]:
    """List a snapshot without its failures."""
    return _entries(snapshot.entries())


def read(connector: Connector, checkpoint: str | None = None) -> Reading:
    """Open, list and fetch everything."""
    with connector.open(checkpoint, stop=threading.Event()) as snapshot:
        listed = list(snapshot.entries())
        entries = _entries(listed)
        return Reading(
            entries=entries,
            failures=[item for item in listed if isinstance(item, Failed)],
            documents={entry.id: snapshot.fetch(entry) for entry in entries},
            checkpoint=snapshot.checkpoint(),
        )


def tree(*roots: Path) -> dict[Path, tuple[int, int]]:
    """Say what lies below some folders, closely enough to see any change."""
    return {
        path: (path.lstat().st_size, path.lstat().st_mtime_ns)
        for root in roots
        if root.exists()
        for path in [root, *root.rglob("*")]
    }


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | frozenset | list):
        for part in value:
            yield from _strings(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))


class ConnectorContract:
    """Subclass it, and give it the fixture `connector`."""

    own_access: ClassVar[bool] = False
    """Whether the source itself says who may read."""

    @pytest.fixture
    def connector(self) -> Subject:
        """Give the connector under test."""
        raise NotImplementedError

    def test_a_listing_is_complete_and_repeatable(self, connector: Subject) -> None:
        """One snapshot lists the same twice, and so do two of the same source."""
        with connector.make().open(None, stop=threading.Event()) as snapshot:
            first, second = list(snapshot.entries()), list(snapshot.entries())

        assert len(_entries(first)) > 1
        assert first == second
        assert read(connector.make()).entries == _entries(first)

    def test_ids_are_unique(self, connector: Subject) -> None:
        """No id is listed twice, also not as an entry and a failure."""
        reading = read(connector.make())
        ids = [entry.id for entry in reading.entries]
        ids += [failed.id for failed in reading.failures if failed.id]

        assert len(ids) == len(set(ids))

    def test_every_entry_is_named(self, connector: Subject) -> None:
        """Id, version and title say something, and Japanese titles come through."""
        entries = read(connector.make()).entries

        assert all(entry.id and entry.version and entry.title for entry in entries)
        assert any(_JAPANESE.search(entry.title) for entry in entries)

    def test_nothing_changed_means_the_same_versions(self, connector: Subject) -> None:
        """A second run over the same source sees the same, with its checkpoint."""
        first = read(connector.make())

        assert read(connector.make(), first.checkpoint) == first

    @pytest.mark.parametrize("checkpoint", ["", "{", '{"v": 999}', "[]", "資料"])
    def test_a_strange_checkpoint_is_ignored(
        self, connector: Subject, checkpoint: str
    ) -> None:
        """A checkpoint of another release costs time, never documents."""
        assert read(connector.make(), checkpoint) == read(connector.make())

    def test_fetching_knows_no_order(self, connector: Subject) -> None:
        """Backwards and a second time, the same documents come."""
        expected = read(connector.make()).documents

        with connector.make().open(None, stop=threading.Event()) as snapshot:
            backwards = entries_of(snapshot)[::-1]
            for _ in range(2):
                assert {e.id: snapshot.fetch(e) for e in backwards} == expected

    def test_a_snapshot_can_fetch_what_an_equal_one_listed(
        self, connector: Subject
    ) -> None:
        """Fetching needs no listing before it."""
        expected = read(connector.make())

        with connector.make().open(None, stop=threading.Event()) as snapshot:
            fetched = {entry.id: snapshot.fetch(entry) for entry in expected.entries}

        assert fetched == expected.documents

    def test_a_missing_entry_is_a_failure_and_no_exception(
        self, connector: Subject
    ) -> None:
        """What vanished between listing and fetching is a value."""
        ghost = Entry(id="幽霊/なし-0.md", version="0", title="幽霊", layers=())

        with connector.make().open(None, stop=threading.Event()) as snapshot:
            failed = snapshot.fetch(ghost)

        assert isinstance(failed, Failed)
        assert failed.id == ghost.id

    def test_failures_have_a_short_kind_and_say_what_to_do(
        self, connector: Subject
    ) -> None:
        """`reason` is for counting, `detail` for the operator."""
        reading = read(connector.make())
        fetched = [d for d in reading.documents.values() if isinstance(d, Failed)]

        for failed in (*reading.failures, *fetched):
            assert _KIND.fullmatch(failed.reason), failed
            assert failed.what, failed
            assert failed.detail, failed

    def test_no_layer_is_empty_by_accident(self, connector: Subject) -> None:
        """Unknown access is `()`; known access holds the operator's layers."""
        for entry in read(connector.make()).entries:
            assert all(entry.layers)
            assert not entry.layers or {*connector.context.layers} <= {*entry.layers}

    def test_without_the_operators_access_nothing_is_opened(
        self, connector: Subject
    ) -> None:
        """A source that has no access of its own has unknown access then."""
        entries = read(connector.make(layers=())).entries

        assert all(all(entry.layers) for entry in entries)
        if not self.own_access:
            assert all(entry.layers == () for entry in entries)
            assert connector.make(layers=()).check()

    def test_the_stop_event_ends_long_work(self, connector: Subject) -> None:
        """Nothing is listed to its end once the event is set."""
        stop = threading.Event()
        stop.set()

        def listed() -> None:
            with connector.make().open(None, stop=stop) as snapshot:
                list(snapshot.entries())

        with pytest.raises(SourceUnavailable):
            listed()

    def test_check_finds_nothing_and_changes_nothing(self, connector: Subject) -> None:
        """A good source has no problem, and looking leaves no trace."""
        places = (connector.context.base, connector.context.cache)
        before = tree(*places)

        assert connector.make().check() == []
        assert tree(*places) == before

    def test_connecting_changes_nothing(self, connector: Subject) -> None:
        """Reading the options has no side effects."""
        places = (connector.context.base, connector.context.cache)
        before = tree(*places)
        connector.make()

        assert tree(*places) == before

    def test_a_typo_in_an_option_is_an_error_with_a_suggestion(
        self, connector: Subject
    ) -> None:
        """`pth` is not `path`, and the message says so."""
        right = next(iter(connector.context.options))
        options = {**connector.context.options, right[:1] + right[2:]: "x"}

        with pytest.raises(OptionsError, match=re.escape(repr(right))) as caught:
            connector.make(options=options)

        assert connector.context.source in str(caught.value)

    def test_a_link_template_makes_every_link(self, connector: Subject) -> None:
        """Names are percent-encoded, so that Japanese titles give valid links."""
        reading = read(connector.make(link=_TEMPLATE))
        documents = [d for d in reading.documents.values() if isinstance(d, Document)]

        for document in documents:
            page = document.link.page or ""
            assert page.startswith("https://docs.example/")
            assert page.isascii()
            assert not set(" {}<>\"'") & set(page)

    def test_an_unknown_placeholder_is_an_error(self, connector: Subject) -> None:
        """A template that cannot be filled is found before the first sync."""
        with pytest.raises(OptionsError, match="nmae"):
            connector.make(link="https://docs.example/{nmae}")

    def test_samples_are_links_of_documents(self, connector: Subject) -> None:
        """At most three, each of them the page of some document."""
        subject = connector.make(link=_TEMPLATE)
        pages = {_page(document) for document in read(subject).documents.values()}
        samples = subject.samples()

        assert 0 < len(samples) <= _SAMPLES
        assert set(samples) <= pages

    def test_texts_are_valid_unicode_without_nul(self, connector: Subject) -> None:
        """Everything can be stored, logged and sent."""
        for text in _strings_of(read(connector.make())):
            text.encode("utf-8")
            assert "\x00" not in text

    def test_dates_know_their_time_zone(self, connector: Subject) -> None:
        """A date without a zone cannot be compared."""
        reading = read(connector.make())

        for item in (*reading.entries, *reading.documents.values()):
            if not isinstance(item, Failed) and item.updated_at is not None:
                assert item.updated_at.tzinfo is not None


def _entries(listed: Iterable[Entry | Failed]) -> list[Entry]:
    return [item for item in listed if isinstance(item, Entry)]


def _page(document: Document | Failed) -> str | None:
    link = document.link if isinstance(document, Document) else Link()
    return link.page


def _strings_of(reading: Reading) -> Iterator[str]:
    yield from _strings(reading.entries)
    yield from _strings(reading.failures)
    yield from _strings(tuple(reading.documents.values()))
