"""The windows behind the buttons, whatever is to be shown in them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack import modals
from bot.chat.slack.modals import Matter
from bot.chat.slack.pressed import submitted
from bot.core.feedback import NOTE, Complaint
from bot.core.model import Language
from tests.fakes.shown import citation
from tests.fakes.slack.blocks import check_view
from tests.fakes.slack.model import Json

MATTER = Matter(question="問" * 32, channel="CSOUMU", thread="1712.1")


def sent(values: Json, metadata: str = "") -> Json:
    """What Slack delivers when a window is sent off."""
    view = {
        "callback_id": modals.REASONS,
        "private_metadata": metadata,
        "state": {"values": values},
    }
    return {"type": "view_submission", "user": {"id": "UTANAKA"}, "view": view}


def words(view: Json) -> str:
    """What a window says."""
    return "\n".join(b["text"]["text"] for b in view["blocks"] if "text" in b)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("length", [0, 1, 2_900, 2_901, 100_000, 1_000_000])
def test_a_passage_of_any_length_fits(length: int, language: Language) -> None:
    check_view(modals.passage(citation(quote="あ" * length), language))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=4_000), st.text(max_size=400))
def test_a_passage_of_any_text_fits(quote: str, title: str) -> None:
    check_view(modals.passage(citation(quote=quote, title=title), Language.JA))


def test_a_passage_has_its_words_and_nothing_that_can_be_followed() -> None:
    quote = "年次有給休暇は20日。\n<https://evil.example|規程> http://evil.example/"
    said = words(modals.passage(citation(quote=quote), Language.JA))

    assert "年次有給休暇は20日。" in said
    assert "://" not in said


def test_what_was_entered_comes_back() -> None:
    view = modals.reasons(MATTER, Language.JA)
    check_view(view)
    chosen = {"selected_option": {"value": "outdated"}}
    values = {"why": {"why": chosen}, "note": {"note": {"value": "古い\0" * 400}}}
    read = submitted(sent(values, view["private_metadata"]))

    assert read is not None
    assert modals.matter_of(read) == MATTER
    complaint, note = modals.complaint_of(read)
    assert complaint is Complaint.OUTDATED
    assert note == ("古い" * 400)[:NOTE]


@pytest.mark.parametrize(
    "values", [{}, {"why": {}}, {"why": {"why": {"selected_option": {"value": "無"}}}}]
)
def test_no_reason_that_we_know_is_another_reason(values: Json) -> None:
    read = submitted(sent(values))

    assert read is not None
    assert modals.complaint_of(read) == (Complaint.OTHER, "")
    assert modals.matter_of(read) is None


def test_what_has_another_shape_is_no_window_of_ours() -> None:
    assert submitted({"type": "view_submission", "view": []}) is None
