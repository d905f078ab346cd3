"""Git repositories: branches, histories, bundles and what comes in between."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.api import Context, Document, Entry, Failed
from connectors.errors import OptionsError, SourceError, SourceUnavailable
from connectors.git import connect
from connectors.git.source import Repository as Source
from connectors.testing import Reading, read
from tests.unit.connectors.repositories import Author, Repository

HANAKO, TARO = Author("山田 花子", day=1), Author("鈴木 太郎", day=9)
SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "git"


def source(where: Path, cache: Path | None = None, **options: object) -> Source:
    context = Context(
        source="handbook",
        options={"path": str(where), **options},
        base=where.parent,
        cache=cache or where.parent / "cache",
        layers=(frozenset({"pub"}),),
    )
    return connect(context)


def ids(reading: Reading) -> list[str]:
    return [entry.id for entry in reading.entries]


def document(reading: Reading, name: str) -> Document:
    found = reading.documents[name]
    assert isinstance(found, Document)
    return found


def reasons(reading: Reading) -> dict[str | None, str]:
    fetched = [d for d in reading.documents.values() if isinstance(d, Failed)]
    return {failed.id: failed.reason for failed in (*reading.failures, *fetched)}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "規約集")
    made.commit({"規約/命名.md": "# 命名規則\n", "README.md": "# 規約集\n"}, HANAKO)
    return made


def test_documents_know_who_changed_them_last(repository: Repository) -> None:
    repository.commit({"規約/命名.md": "# 命名規則\n\n英語で。\n"}, TARO)

    reading = read(source(repository.root))

    assert ids(reading) == ["README.md", "規約/命名.md"]
    changed, untouched = (document(reading, n) for n in ("規約/命名.md", "README.md"))
    assert (changed.author, untouched.author) == ("鈴木 太郎", "山田 花子")
    assert changed.updated_at == datetime(2026, 4, 9, tzinfo=UTC)
    assert untouched.updated_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert changed.markdown == "# 命名規則\n\n英語で。\n"
    assert "example.jp" not in repr(reading)


def test_a_rename_is_a_new_document_and_a_deletion_none(
    repository: Repository,
) -> None:
    first = read(source(repository.root))
    repository.git("mv", "規約/命名.md", "規約/名前.md")
    repository.git("rm", "--quiet", "README.md")
    repository.commit(author=TARO)

    second = read(source(repository.root))

    assert ids(second) == ["規約/名前.md"]
    assert second.entries[0].version == first.entries[1].version
    assert document(second, "規約/名前.md").author == "鈴木 太郎"


def test_history_finds_every_file_in_any_order(repository: Repository) -> None:
    for number in range(30):
        author = Author(f"人{number}", day=number % 28 + 1)
        repository.commit({f"規約/{number}.md": f"# {number}\n"}, author)

    reading = read(source(repository.root))

    assert {document(reading, f"規約/{n}.md").author for n in range(30)} == {
        f"人{n}" for n in range(30)
    }


def test_links_are_pinned_to_the_commit(repository: Repository) -> None:
    commit = repository.commit({"案内.html": "<h1>案内"})
    reading = read(source(repository.root, web_url="https://github.com/acme/規約集"))

    link = document(reading, "README.md").link
    assert link.page == f"https://github.com/acme/規約集/blob/{commit}/README.md"
    assert link.lines == f"{link.page}?plain=1#L{{first}}-L{{last}}"
    assert document(reading, "案内.html").link.lines is None


def test_another_web_page_changes_every_version(repository: Repository) -> None:
    bare = read(source(repository.root))
    linked = read(source(repository.root, web_url="https://github.com/acme/x"))

    assert all(
        one.version != other.version
        for one, other in zip(bare.entries, linked.entries, strict=True)
    )


def test_machine_made_and_unchosen_files_are_left_out(tmp_path: Path) -> None:
    files = {
        ".gitattributes": "生成/** linguist-generated\n",
        "生成/api.md": "x",
        "node_modules/x/README.md": "x",
        "vendor/y.md": "x",
        "src/main.py": "print('あ')\n",
        "package-lock.json": "{}",
        "図.png": "x",
        "規約.md": "x",
        "下書き/案.md": "x",
    }
    repository = Repository(tmp_path / "規約集")
    repository.commit(files)

    assert ids(read(source(repository.root, exclude=["下書き/"]))) == ["規約.md"]
    with_code = source(repository.root, include=["*.py", "*.json"])
    assert ids(read(with_code)) == ["src/main.py"]


def test_large_pointed_to_and_broken_files_are_failures(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    repository = Repository(tmp_path / "規約集")
    repository.commit(
        {
            "大.md": "あ" * 500,
            "遠.md": pointer,
            "壊.md": b"\x82\xff\xfe\x80",
            "二進.md": b"\x00",
        }
    )

    assert reasons(read(source(repository.root, max_bytes=1_000))) == {
        "大.md": "too_large",
        "遠.md": "lfs",
        "壊.md": "encoding_unknown",
        "二進.md": "binary",
    }


def test_the_branch_is_the_asked_one_or_the_repositorys_own(
    repository: Repository,
) -> None:
    repository.git("checkout", "--quiet", "-b", "release/春")
    repository.commit({"春.md": "# 春\n"})
    repository.git("checkout", "--quiet", "main")

    assert ids(read(source(repository.root))) == ["README.md", "規約/命名.md"]
    assert "春.md" in ids(read(source(repository.root, branch="release/春")))


def test_a_missing_branch_names_those_there_are(repository: Repository) -> None:
    asked = source(repository.root, branch="release")
    what, fix = "source 'handbook': no branch 'release'", "set options.branch to one of"

    with pytest.raises(SourceUnavailable) as caught:
        read(asked)

    assert str(caught.value) == f"{what}; {fix} 'main'"
    (problem,) = asked.check()
    assert (problem.what, problem.fix) == (what, f"{fix} 'main'")


def test_a_repository_without_commits_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no branch yet"):
        read(source(Repository(tmp_path / "空").root))


def test_bare_repositories_and_bundles_are_read_alike(
    repository: Repository, tmp_path: Path
) -> None:
    expected = read(source(repository.root, tmp_path / "一"))
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "裸.git"))
    bundle = repository.bundle(tmp_path / "束.bundle")

    assert read(source(tmp_path / "裸.git", tmp_path / "二")) == expected
    assert read(source(bundle, tmp_path / "三")) == expected


def test_a_bundle_of_one_branch_needs_no_head(
    repository: Repository, tmp_path: Path
) -> None:
    bundle = repository.bundle(tmp_path / "束.bundle", "main")

    assert ids(read(source(bundle))) == ["README.md", "規約/命名.md"]


def test_a_newer_bundle_adds_to_an_older_one(
    repository: Repository, tmp_path: Path
) -> None:
    bundle = repository.bundle(tmp_path / "束.bundle")
    read(source(bundle))
    repository.commit({"追加.md": "# 追加\n"})
    repository.bundle(bundle, "main~1..main")

    assert "追加.md" in ids(read(source(bundle)))


def test_a_partial_bundle_says_what_to_do(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"追加.md": "# 追加\n"})
    bundle = repository.bundle(tmp_path / "束.bundle", "main~1..main")

    with pytest.raises(SourceUnavailable, match="make a whole one with --all"):
        read(source(bundle))


@pytest.mark.parametrize("kept", [0, 3, 40, -20])
def test_a_broken_bundle_says_what_to_do(
    repository: Repository, tmp_path: Path, kept: int
) -> None:
    bundle = repository.bundle(tmp_path / "束.bundle")
    bundle.write_bytes(bundle.read_bytes()[:kept])

    with pytest.raises(SourceUnavailable, match=r"source 'handbook': .*; "):
        read(source(bundle))


def test_a_shallow_copy_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"追加.md": "# 追加\n"})
    shallow = tmp_path / "浅い"
    origin = f"file://{repository.root}"
    repository.git("clone", "--quiet", "--depth=1", origin, str(shallow))

    with pytest.raises(SourceUnavailable, match="--unshallow"):
        read(source(shallow))


def test_what_is_no_repository_says_so(tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()

    with pytest.raises(SourceUnavailable, match="bare or not, or a bundle"):
        read(source(tmp_path / "空"))
    assert len(source(tmp_path / "無い").check()) == 1


def test_a_rewritten_history_is_followed(repository: Repository) -> None:
    read(source(repository.root))
    repository.write({"README.md": "# 書き直し\n"})
    amend = ("commit", "--quiet", "--all", "--amend", "--reset-author", "-m", "別")
    repository.git(*amend, author=TARO)

    reading = read(source(repository.root))

    assert document(reading, "README.md").markdown == "# 書き直し\n"
    assert document(reading, "README.md").author == "鈴木 太郎"


def test_an_unchanged_branch_fetches_nothing(repository: Repository) -> None:
    """Without its objects the origin can still say where the branch stands."""
    first = read(source(repository.root))
    shutil.rmtree(repository.root / ".git" / "objects" / "pack", ignore_errors=True)
    for folder in (repository.root / ".git" / "objects").glob("[0-9a-f][0-9a-f]"):
        if not (folder / repository.git("rev-parse", "main")[2:]).exists():
            shutil.rmtree(folder)

    assert read(source(repository.root)) == first


def test_only_new_objects_are_fetched(repository: Repository) -> None:
    def stored(made: Source) -> int:
        count = made.context.cache / "sha1.git"
        told = repository.git(f"--git-dir={count}", "count-objects", "-v")
        numbers = dict(line.split(": ") for line in told.splitlines())
        return int(numbers["count"]) + int(numbers["in-pack"])

    made = source(repository.root)
    read(made)
    before = stored(made)
    repository.commit({"追加.md": "# 追加\n"})
    read(made)

    assert stored(made) == before + len(["commit", "tree", "blob"])


def test_a_listing_and_its_documents_agree_while_the_branch_moves(
    repository: Repository,
) -> None:
    with source(repository.root).open(None, stop=threading.Event()) as snapshot:
        entries = [e for e in snapshot.entries() if isinstance(e, Entry)]
        repository.commit({"README.md": "# 新しい\n"})
        read(source(repository.root))
        fetched = [snapshot.fetch(entry) for entry in entries]

    assert [d.markdown for d in fetched if isinstance(d, Document)] == [
        "# 規約集\n",
        "# 命名規則\n",
    ]


def test_several_at_once_see_the_same(repository: Repository) -> None:
    def one(_: int) -> Reading:
        return read(source(repository.root))

    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(one, range(4)))

    assert readings == [readings[0]] * 4


def test_locks_of_a_killed_git_are_no_obstacle(repository: Repository) -> None:
    made = source(repository.root)
    read(made)
    for name in ("refs/shirube/tip.lock", "packed-refs.lock", "config.lock"):
        (made.context.cache / "sha1.git" / name).touch()
    repository.commit({"追加.md": "# 追加\n"})

    assert "追加.md" in ids(read(made))


def test_a_repository_with_long_hashes_is_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "規約集", "--object-format=sha256")
    repository.commit({"規約.md": "# 規約\n"})

    assert ids(read(source(repository.root))) == ["規約.md"]


def test_a_damaged_copy_says_what_to_delete(repository: Repository) -> None:
    made = source(repository.root)
    read(made)
    for path in (made.context.cache / "sha1.git").rglob("*.pack"):
        path.chmod(0o600)
        path.write_bytes(b"")

    with pytest.raises(SourceUnavailable, match="delete"):
        read(made)


def test_samples_of_an_unfetched_remote_are_none(tmp_path: Path) -> None:
    context = Context(
        source="handbook",
        options={"url": "https://github.com/acme/handbook.git"},
        base=tmp_path,
        cache=tmp_path / "cache",
        layers=(),
    )

    assert connect(context).samples() == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"url": "https://u:p@git.example/a"}, "set options.token"),
        ({"url": "http://git.example/a"}, "must be https"),
        ({"url": "file:///srv/a.git"}, "set options.path"),
        ({"url": "https://git.example/a", "branch": "a..b"}, "no name of a branch"),
        ({"url": "git@git.example:a", "token": "x"}, "begins with https"),
        ({"path": "a", "web": "github"}, "needs 'web_url'"),
        ({"path": "a", "web": "gihub"}, "did you mean 'github'?"),
        ({"url": "https://git.example/a", "token_file": "無い"}, "no token in"),
    ],
)
def test_options_that_cannot_work_are_errors(
    tmp_path: Path, options: dict[str, object], told: str
) -> None:
    context = Context(
        source="handbook",
        options=options,
        base=tmp_path,
        cache=tmp_path / "cache",
        layers=(),
    )

    with pytest.raises(OptionsError) as caught:
        connect(context).open(None, stop=threading.Event())

    assert told in str(caught.value)


@pytest.mark.shared
def test_a_public_repository_of_japanese_standards_is_read(tmp_path: Path) -> None:
    bundle = SAMPLES / "coding-standards-ja.bundle"
    if not bundle.exists():
        pytest.skip("no ../shared/samples/git/coding-standards-ja.bundle")
    try:
        reading = read(source(bundle, tmp_path / "cache"))
    except SourceError as error:
        pytest.fail(str(error))

    assert len(reading.entries) == 13
    assert not reading.failures
    assert all(isinstance(d, Document) for d in reading.documents.values())
    assert "documents/forSQL/SQLコーディング規約（PostgreSQL）.md" in ids(reading)
