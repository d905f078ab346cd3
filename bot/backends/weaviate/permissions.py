"""What an API key may do with the collections of the index, and what it lacks."""

import warnings
from collections.abc import Iterator
from fnmatch import fnmatchcase

from weaviate import WeaviateAsyncClient
from weaviate.exceptions import InsufficientPermissionsError
from weaviate.users.users import OwnUser

from bot.backends.weaviate.schema import Layout
from bot.core.reports import Rights

READING = ("read_collections", "read_data")
BEYOND = (
    "create_collections",
    "delete_collections",
    "create_data",
    "update_data",
    "delete_data",
)
WRITING = (*READING, *BEYOND)


async def rights(
    client: WeaviateAsyncClient, layout: Layout, /, *, anybody: bool
) -> Rights:
    """Compare what the key's user may do with what the index needs.

    Without a key there is no user to ask for: `anybody` may do everything, where the
    server lets them in.
    """
    if anybody:
        await client.collections.exists(f"{layout.prefix}_0")
        return Rights(beyond_reading=BEYOND, anybody=True)
    with warnings.catch_warnings():
        # Newer servers have kinds of permissions that the client does not know.
        warnings.filterwarnings("ignore", "RBAC001", UserWarning)
        user = await client.users.get_my_user()
    granted = set(_granted(user, layout))
    if not user.roles and await _may_look(client, layout):
        # Roles are switched off: who is let in may do everything.
        granted = set(WRITING)
    return Rights(
        lacks_reading=_lacking(READING, granted, layout),
        lacks_writing=_lacking(WRITING, granted, layout),
        beyond_reading=tuple(action for action in BEYOND if action in granted),
    )


def _lacking(
    needed: tuple[str, ...], granted: set[str], layout: Layout
) -> tuple[str, ...]:
    return tuple(
        f"{need} on {layout.pattern}" for need in needed if need not in granted
    )


def _granted(user: OwnUser, layout: Layout) -> Iterator[str]:
    """Name the actions that are granted for every collection of the index."""
    for role in user.roles.values():
        for schema in role.collections_permissions:
            if fnmatchcase(layout.pattern, schema.collection):
                yield from (action.value for action in schema.actions)
        for data in role.data_permissions:
            if data.tenant == "*" and fnmatchcase(layout.pattern, data.collection):
                yield from (action.value for action in data.actions)


async def _may_look(client: WeaviateAsyncClient, layout: Layout) -> bool:
    try:
        await client.collections.exists(f"{layout.prefix}_0")
    except InsufficientPermissionsError:
        return False
    return True
