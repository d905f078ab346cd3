"""When a host is asked, tried out, or left alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.hosts.breaker import (
    FAILURES,
    LONGEST,
    PAUSE,
    WITHIN,
    Breaker,
    Health,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


def health(breaker: Breaker) -> Health:
    return breaker.health


def test_three_failures_in_half_a_minute_make_a_host_ill() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)

    assert health(breaker) is Health.WELL
    fail(breaker, 2)
    assert health(breaker) is Health.DOUBTFUL
    assert breaker.admit()
    clock.now += WITHIN - 1
    fail(breaker, 1)

    assert health(breaker) is Health.ILL
    assert not breaker.admit()
    assert breaker.remaining == PAUSE


def test_three_failures_in_a_row_do_so_however_far_apart() -> None:
    """A host that is asked last because it failed has no chance to fail quickly."""
    clock = Clock()
    breaker = Breaker(clock=clock)
    for _ in range(2):
        fail(breaker, 1)
        assert breaker.failed_lately
        clock.now += 10 * WITHIN
        assert not breaker.failed_lately
        assert health(breaker) is Health.DOUBTFUL

    fail(breaker, 1)

    assert health(breaker) is Health.ILL


def test_failures_between_successes_count_while_they_are_near() -> None:
    clock = Clock()
    rare, frequent = Breaker(clock=clock), Breaker(clock=clock)

    for _ in range(3):
        fail(frequent, 1)
        frequent.succeeded()
        assert frequent.admit()
    for _ in range(9):
        fail(rare, 1)
        rare.succeeded()
        clock.now += WITHIN / 2

    assert health(rare) is Health.WELL


def test_a_convalescent_is_tried_once_at_a_time() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker)
    clock.now += PAUSE

    assert health(breaker) is Health.CONVALESCENT
    assert [breaker.admit(), breaker.admit()] == [True, False]
    breaker.let_go()
    assert breaker.admit()
    breaker.succeeded()

    assert health(breaker) is Health.WELL
    assert [breaker.admit(), breaker.admit()] == [True, True]


def test_each_relapse_takes_twice_as_long_up_to_five_minutes() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker)
    pauses = [breaker.remaining]
    for _ in range(6):
        clock.now += breaker.remaining
        assert breaker.admit()
        breaker.failed()
        pauses.append(breaker.remaining)

    assert pauses == [15, 30, 60, 120, 240, LONGEST, LONGEST]
    clock.now += LONGEST
    breaker.succeeded()
    fail(breaker)
    assert breaker.remaining == PAUSE


def test_what_ends_while_a_host_is_ill_changes_nothing() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker)
    clock.now += 5

    fail(breaker, 9)

    assert breaker.remaining == PAUSE - 5


def test_a_host_that_cannot_do_it_is_left_alone_at_once() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)

    breaker.trip()

    assert health(breaker) is Health.ILL
    clock.now += PAUSE
    assert breaker.admit()
    breaker.trip()
    assert breaker.remaining == 2 * PAUSE


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["ask", "fail", "succeed", "leave", "trip"]),
        st.floats(min_value=0, max_value=400),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_whatever_happens_a_host_gets_another_chance(steps: list[str | float]) -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    for step in steps:
        match step:
            case "ask":
                breaker.admit()
            case "fail":
                breaker.failed()
            case "succeed":
                breaker.succeeded()
            case "leave":
                breaker.let_go()
            case "trip":
                breaker.trip()
            case float(seconds):
                clock.now += seconds
        assert breaker.remaining <= LONGEST
    breaker.let_go()
    clock.now += LONGEST

    assert breaker.admit()
