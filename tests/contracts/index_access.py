"""Who finds what: the access promises that every index engine keeps."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.access import DENY, OPEN, PUB, Access, Principal, principal
from bot.core.model import Generation
from tests.contracts.index_records import (
    STAFF,
    Index,
    a_generation,
    a_record,
    a_vector,
    holding,
    ids,
    layers,
    of_document,
    search,
    texts,
)

# Names that engines like to confuse: cases, prefixes, wildcards, quotes, widths.
NAMES = [
    PUB,
    DENY,
    *map(
        principal,
        [
            "all",
            "grp:eng",
            "grp:eng-ops",
            "grp:ENG",
            "grp:*",
            "grp:人事部",
            "grp:人事",
            "user:O'Brien",
            "user:O",
            "user:a@example.com",
            "user:a+b@example.com",
            "grp:ｅｎｇ",
            "grp:50%",
            "grp:eng eng-ops",
        ],
    ),
]
SOME = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=4)
ACCESSES = st.builds(
    Access, layers=st.lists(SOME, min_size=1, max_size=6).map(tuple)
) | st.just(OPEN)


def may_find(access: Access, principals: frozenset[Principal]) -> bool:
    """Say whether an index, which holds four layers, may show the document."""
    return Access(layers=access.indexed()).permits(principals)


class AccessContract:
    """Every read is made as somebody, and shows what they may see, and all of it."""

    @given(
        accesses=st.lists(ACCESSES, min_size=1, max_size=12),
        principals=st.frozensets(st.sampled_from(NAMES), max_size=8),
    )
    @settings(
        max_examples=25,
        deadline=None,
        # Every engine's class runs it, and every example has its own generation.
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
    async def test_exactly_what_is_permitted_in_every_indexed_layer_is_found(
        self, index: Index, accesses: list[Access], principals: frozenset[Principal]
    ) -> None:
        generation = a_generation()
        await index.create(generation)
        records = [
            a_record("休暇の申請", "規則", ordinal=n, access=access, vector=a_vector(n))
            for n, access in enumerate(accesses)
        ]
        await index.put(generation, records)
        permitted = [
            record.chunk.id for record in records if may_find(record.access, principals)
        ]

        lexical = await search(index, generation, "休暇", principals=principals)
        vector = await index.search_vector(
            generation, a_vector(99), principals=principals, limit=100
        )
        beside = await index.neighbours(
            generation, (of_document("規則"), 1), range(100), principals=principals
        )
        await index.drop(generation)

        assert sorted(permitted) == sorted(ids(lexical))
        assert sorted(permitted) == sorted(ids(vector))
        assert permitted == [chunk.id for chunk in beside]

    async def test_without_principals_nothing_is_found_and_no_call_is_made(
        self, index: Index
    ) -> None:
        """A generation that does not exist would raise if anything were called."""
        nowhere, nobody = a_generation(), frozenset[Principal]()

        assert await search(index, nowhere, "休暇", principals=nobody) == []
        assert (
            await index.search_vector(nowhere, a_vector(1), principals=nobody, limit=5)
            == []
        )
        assert (
            await index.neighbours(
                nowhere, (of_document("規則"), 1), range(9), principals=nobody
            )
            == []
        )

    async def test_what_nobody_may_see_is_found_by_nobody(
        self, index: Index, generation: Generation
    ) -> None:
        unknown = Access(layers=())
        await index.put(generation, [a_record("休暇", access=unknown)])
        asker = frozenset({PUB, Principal("grp:eng")})

        assert await search(index, generation, "休暇", principals=asker) == []
        assert (
            await search(
                index, generation, "休暇", principals=asker | {DENY, Principal("*")}
            )
            == []
        )

    async def test_all_layers_must_be_met(
        self, index: Index, generation: Generation
    ) -> None:
        page = layers(["grp:人事部"], ["grp:tokyo", "grp:osaka"], [PUB])
        await index.put(generation, [a_record("給与", access=page)])

        async def found(*principals: str) -> int:
            asker = holding(*principals)
            return len(await search(index, generation, "給与", principals=asker))

        assert await found("pub", "grp:人事部", "grp:osaka") == 1
        assert await found("pub", "grp:人事部") == 0
        assert await found("grp:人事部", "grp:tokyo") == 0
        assert await found("pub", "grp:tokyo", "grp:osaka") == 0

    async def test_who_is_in_thousands_of_groups_finds_what_they_open(
        self, index: Index, generation: Generation
    ) -> None:
        """An engine may take so many names in another way than a few."""
        many = [f"grp:人事部 {n}" for n in range(2_500)]
        pages = {f"規則{n}": layers([many[n * 600]], [PUB]) for n in range(5)}
        for name, access in pages.items():
            await index.put(generation, [a_record("休暇", name, access=access)])
        asker = holding("pub", *many[601:])

        hits = await search(index, generation, "休暇", principals=asker)

        assert {"規則2", "規則3", "規則4"} == {hit.chunk.title for hit in hits}

    async def test_a_name_with_a_separator_is_not_taken_for_two(
        self, index: Index, generation: Generation
    ) -> None:
        """Sources cannot make such a name, and it would open nothing if they did."""
        await index.put(generation, [a_record("給与", access=layers(["grp:人事部"]))])
        marks = "\x1f\x1e,;| \t\n'\"\\"
        asker = holding(*(f"grp:x{mark}grp:人事部{mark}" for mark in marks))

        assert await search(index, generation, "給与", principals=asker) == []

    async def test_more_than_four_layers_are_found_by_the_four_narrowest(
        self, index: Index, generation: Generation
    ) -> None:
        access = layers(*([f"grp:{n}", *map(str, range(n))] for n in range(6)))
        await index.put(generation, [a_record("給与", access=access)])
        asker = frozenset().union(*access.indexed())

        assert await search(index, generation, "給与", principals=asker)
        for layer in access.indexed():
            assert (
                await search(index, generation, "給与", principals=asker - layer) == []
            )

    async def test_a_revocation_shows_on_the_next_read(
        self, index: Index, generation: Generation
    ) -> None:
        """Of one document of several, in every kind of read, after upkeep too."""
        secret = [
            a_record(f"給与 {n}", "給与表", ordinal=n, vector=a_vector(n))
            for n in range(3)
        ]
        other = a_record("給与日", "就業規則", vector=a_vector(7))
        await index.put(generation, [*secret, other])
        await index.maintain(generation)
        narrow = layers(["grp:人事部"])
        document = of_document("給与表")

        changed = await index.set_access(generation, {document: narrow})

        assert changed == 3
        for _ in range(2):
            assert texts(await search(index, generation, "給与")) == ["給与日"]
            assert texts(
                await index.search_vector(
                    generation, a_vector(1), principals=STAFF, limit=10
                )
            ) == ["給与日"]
            assert (
                await index.neighbours(
                    generation, (document, 1), range(9), principals=STAFF
                )
                == []
            )
            asker = holding("grp:人事部")
            assert len(await search(index, generation, "給与", principals=asker)) == 3
            await index.maintain(generation)

    async def test_many_documents_change_their_access_in_one_call(
        self, index: Index, generation: Generation
    ) -> None:
        names = [f"O'Brien の文書{n}" for n in range(450)]
        await index.put(generation, [a_record("休暇", name) for name in names])
        access = {
            of_document(name): layers([f"grp:{n % 7}"]) for n, name in enumerate(names)
        }

        unknown = {of_document("ない"): OPEN}

        assert await index.set_access(generation, {**access, **unknown}) == 450
        assert await index.set_access(generation, unknown) == 0
        assert await search(index, generation, "休暇") == []
        asker = holding("grp:3")
        hits = await search(index, generation, "休暇", principals=asker, limit=1000)
        assert {name for n, name in enumerate(names) if n % 7 == 3} == {
            hit.chunk.title for hit in hits
        }

    async def test_a_changed_access_changes_nothing_else(
        self, index: Index, generation: Generation
    ) -> None:
        """Of a document with more chunks than an engine changes at once."""
        parts = [
            a_record(f"節{n} の休暇\n", ordinal=n, vector=a_vector(n))
            for n in range(450)
        ]
        plain = a_record("ベクトルなしの休暇", ordinal=450)
        await index.put(generation, [*parts, plain])
        before = await index.search_vector(
            generation, a_vector(7), principals=STAFF, limit=1000
        )

        narrow = {of_document("就業規則"): layers(["grp:人事部"])}
        assert await index.set_access(generation, narrow) == 451
        asker = holding("grp:人事部")
        after = await index.search_vector(
            generation, a_vector(7), principals=asker, limit=1000
        )

        assert before == after
        assert len(before) == 450
        lexical = await search(index, generation, "休暇", principals=asker, limit=1000)
        assert {hit.chunk for hit in lexical} == {
            record.chunk for record in [*parts, plain]
        }
        assert await search(index, generation, "休暇") == []
