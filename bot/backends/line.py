"""A line in which askers take turns, each with its own in the order they came."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class FairLine(Generic[T]):
    """Round-robin over askers, first come first served within one.

    Whoever is called back was served before and goes ahead of everybody.
    """

    def __init__(self) -> None:
        self._back: deque[T] = deque()
        self._askers: OrderedDict[str, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._back) + sum(map(len, self._askers.values()))

    def join(self, asker: str, one: T, /) -> None:
        """Stand at the end of the asker's own, and the asker behind the others."""
        self._askers.setdefault(asker, deque()).append(one)

    def join_again(self, one: T, /) -> None:
        """Stand before all who were not served yet."""
        self._back.append(one)

    def leave(self, one: T, /) -> None:
        """Go away; nothing happens to one who does not stand here."""
        if one in self._back:
            self._back.remove(one)
        for asker, own in self._askers.items():
            if one in own:
                own.remove(one)
                if not own:
                    del self._askers[asker]
                return

    def next(self) -> T | None:
        """Take out whose turn it is; the asker's next one waits for all others."""
        if self._back:
            return self._back.popleft()
        if not self._askers:
            return None
        asker, own = self._askers.popitem(last=False)
        one = own.popleft()
        if own:
            self._askers[asker] = own
        return one

    def order(self) -> Iterator[T]:
        """Yield everybody in the order of their turns, if nobody else came."""
        yield from self._back
        rounds = [list(own) for own in self._askers.values()]
        for turn in range(max(map(len, rounds), default=0)):
            yield from (own[turn] for own in rounds if turn < len(own))
