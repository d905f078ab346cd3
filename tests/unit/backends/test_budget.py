"""How many tokens a text has, without a tokenizer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.budget import PROBES, Budgeter

JAPANESE = "年次有給休暇は、入社六か月後に十日付与され、勤続年数に応じて増えます。" * 8
ENGLISH = "Paid leave grows with the years of service, up to twenty days a year. " * 8
YAML = "services:\n  - {name: db, port: 5432, env: [A=1, B=2]}\n" * 8
TEXT = st.text(alphabet="有給休暇。abc XYZ123-_:\n", max_size=80)


def taught(*counts: tuple[str, float], times: int = 1) -> Budgeter:
    """A budgeter whose model counted so many tokens per character."""
    budget = Budgeter()
    for _ in range(times):
        for text, share in counts:
            budget.learn([text], round(len(text) * share))
    return budget


def test_it_starts_on_the_safe_side() -> None:
    """Usual models: up to 0.8 tokens a CJK character, 1.3 a word, 0.6 a sign."""
    budget = Budgeter()

    assert budget.measure(JAPANESE) >= 0.9 * len(JAPANESE)
    assert budget.measure(ENGLISH) >= 1.4 * len(ENGLISH.split())
    assert budget.measure(YAML) >= 0.6 * len(YAML)
    assert budget.measure("a" * 900) >= 290
    assert budget.measure("") == 0


@settings(deadline=None)
@given(TEXT, TEXT)
def test_two_texts_together_measure_no_less_than_each(one: str, other: str) -> None:
    budget = Budgeter()

    together = budget.measure(f"{one}\n{other}")

    assert together >= max(budget.measure(one), budget.measure(other))


def test_a_model_that_counts_more_is_believed_at_once() -> None:
    budget = taught((JAPANESE, 3.0))

    assert budget.measure(JAPANESE) >= 3 * len(JAPANESE)


def test_a_model_that_counts_less_is_believed_after_some_answers() -> None:
    once = taught((JAPANESE, 0.5))
    often = taught((JAPANESE, 0.5), times=25)

    assert once.measure(JAPANESE) >= 0.9 * len(JAPANESE)
    assert 0.5 * len(JAPANESE) <= often.measure(JAPANESE) < 0.6 * len(JAPANESE)


def test_scripts_are_learned_apart() -> None:
    budget = taught((JAPANESE, 3.0), times=25)

    assert budget.measure(ENGLISH) == Budgeter().measure(ENGLISH)


def test_short_prompts_teach_nothing_because_the_template_outweighs_them() -> None:
    budget = Budgeter()

    budget.learn(["はい"], 60)

    assert budget.measure("はい") == Budgeter().measure("はい")


def test_an_overflow_with_counts_corrects_the_estimate_at_once() -> None:
    budget = Budgeter()

    told = budget.overflowed([JAPANESE], prompt=3 * len(JAPANESE), context=300)

    assert told == 3 * len(JAPANESE)
    assert budget.measure(JAPANESE) >= told


@pytest.mark.parametrize("text", [JAPANESE, ENGLISH, YAML])
def test_overflows_without_counts_lead_to_prompts_that_fit(text: str) -> None:
    """A model that counts bytes: three tokens a Japanese character."""
    budget, context, prompt = Budgeter(), 200, text
    for _ in range(6):
        while budget.measure(prompt) > context:
            prompt = prompt[: len(prompt) * 9 // 10]
        if len(prompt.encode()) <= context:
            break
        told = budget.overflowed([prompt], prompt=None, context=context)
        assert told > context

    assert 0 < len(prompt.encode()) <= context


def test_an_overflow_is_forgiven_slowly() -> None:
    budget = taught((JAPANESE, 0.5), times=25)
    before = budget.measure(JAPANESE)
    budget.overflowed([JAPANESE], prompt=3 * len(JAPANESE), context=300)
    after = budget.measure(JAPANESE)

    for _ in range(200):
        budget.learn([JAPANESE], len(JAPANESE) // 2)

    assert after > 3 * before
    assert budget.measure(JAPANESE) == pytest.approx(before, rel=0.1)


def test_honest_counts_are_never_called_a_cut() -> None:
    budget = Budgeter()
    for _ in range(30):
        for text, share in ((JAPANESE, 0.55), (ENGLISH, 0.22), (YAML, 0.4)):
            tokens = round(len(text) * share)
            assert not budget.cut_in_silence([text], tokens)
            budget.learn([text], tokens)


def test_a_prompt_that_was_halved_is_noticed_once_the_model_is_known() -> None:
    budget = taught((JAPANESE, 0.6), times=5)
    half = round(len(JAPANESE) * 0.3)

    assert budget.cut_in_silence([JAPANESE], half)
    assert not Budgeter().cut_in_silence([JAPANESE], half)
    assert Budgeter().cut_in_silence([JAPANESE], half // 3)
    assert not budget.cut_in_silence([JAPANESE], 0)  # the host did not count


def test_the_probes_teach_both_scripts() -> None:
    budget = Budgeter()

    for probe in PROBES:
        budget.learn([probe], len(probe.encode()))

    assert budget.measure("有給休暇") > Budgeter().measure("有給休暇")
    assert budget.measure("paid leave") > Budgeter().measure("paid leave")
