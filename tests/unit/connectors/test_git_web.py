"""Permanent links of Git hosts, from the address one clones from."""

import pytest

from connectors.git.web import Kind, guessed, web_of

SHA = "0123456789abcdef0123456789abcdef01234567"
RAW = "規約/命名 規則#1.md".encode()
PATH = "%E8%A6%8F%E7%B4%84/%E5%91%BD%E5%90%8D%20%E8%A6%8F%E5%89%87%231.md"


@pytest.mark.parametrize(
    ("address", "page", "place"),
    [
        (
            "https://github.com/acme/handbook.git",
            f"https://github.com/acme/handbook/blob/{SHA}/{PATH}",
            "?plain=1#L{first}-L{last}",
        ),
        (
            "git@github.com:acme/handbook.git",
            f"https://github.com/acme/handbook/blob/{SHA}/{PATH}",
            "?plain=1#L{first}-L{last}",
        ),
        (
            "https://gitlab.acme.example:8443/a/b/handbook.git",
            f"https://gitlab.acme.example:8443/a/b/handbook/-/blob/{SHA}/{PATH}",
            "?plain=1#L{first}-{last}",
        ),
        (
            "git@bitbucket.org:acme/handbook.git",
            f"https://bitbucket.org/acme/handbook/src/{SHA}/{PATH}",
            "#lines-{first}:{last}",
        ),
        (
            "https://bitbucket.acme.example/scm/doc/handbook.git",
            (
                "https://bitbucket.acme.example/projects/doc/repos/handbook"
                f"/browse/{PATH}?at={SHA}"
            ),
            "#{first}-{last}",
        ),
        (
            "ssh://git@stash.acme.example:7999/~yamada/handbook.git",
            (
                "https://stash.acme.example/users/yamada/repos/handbook"
                f"/browse/{PATH}?at={SHA}"
            ),
            "#{first}-{last}",
        ),
        (
            "https://codeberg.org/acme/handbook",
            f"https://codeberg.org/acme/handbook/src/commit/{SHA}/{PATH}",
            "?display=source#L{first}-L{last}",
        ),
        (
            "ssh://git@forgejo.acme.example:2222/acme/handbook.git",
            f"https://forgejo.acme.example/acme/handbook/src/commit/{SHA}/{PATH}",
            "?display=source#L{first}-L{last}",
        ),
        (
            "https://acme@dev.azure.com/acme/doc/_git/handbook",
            (
                "https://dev.azure.com/acme/doc/_git/handbook"
                f"?path=/{PATH}&version=GC{SHA}"
            ),
            "&line={first}&lineEnd={last}&lineStartColumn=1&lineEndColumn=999",
        ),
        (
            "git@ssh.dev.azure.com:v3/acme/doc/handbook",
            (
                "https://dev.azure.com/acme/doc/_git/handbook"
                f"?path=/{PATH}&version=GC{SHA}"
            ),
            "&line={first}&lineEnd={last}&lineStartColumn=1&lineEndColumn=999",
        ),
        (
            "https://acme.backlog.com/git/DOC/handbook.git",
            f"https://acme.backlog.com/git/DOC/handbook/blob/{SHA}/{PATH}",
            "#{first}",
        ),
        (
            "acme@acme.git.backlog.jp:/DOC/handbook.git",
            f"https://acme.backlog.jp/git/DOC/handbook/blob/{SHA}/{PATH}",
            "#{first}",
        ),
    ],
)
def test_links_are_pinned_to_the_commit(address: str, page: str, place: str) -> None:
    kind = guessed(address)
    assert kind is not None
    link = web_of(address, kind).link(SHA, RAW, lines=True)

    assert link.page == page
    assert link.lines == page + place
    assert web_of(address, kind).link(SHA, RAW, lines=False).lines is None


@pytest.mark.parametrize(
    "address", ["https://code.acme.example/a/b", "git@10.0.0.1:a/b.git", "資料", ""]
)
def test_a_host_that_says_nothing_has_no_kind(address: str) -> None:
    assert guessed(address) is None


@pytest.mark.parametrize("kind", ["github", "gitea", "bitbucket-dc", "azure"])
def test_any_address_makes_some_page(kind: Kind) -> None:
    assert web_of("git@code.example:a", kind).base.startswith("https://code.example/")
