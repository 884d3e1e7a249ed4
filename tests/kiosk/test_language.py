"""Words and formats: every message is translated, and what is compiled is what is written."""

import gettext
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages import extract, mofile, pofile

import kiosk
from kiosk import messages
from kiosk.language import LOCALE, Language

SOURCE = Path(kiosk.__file__).parent
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
SPANISH = LOCALE / "es" / "LC_MESSAGES"


def used() -> set[str]:
    """Return every message in the source."""
    found = extract.extract_from_dir(str(SOURCE), [("**.py", "python")], keywords=KEYWORDS)
    return {m[0] if isinstance(m, tuple) else m for _file, _line, m, _c, _x in found}


def written() -> dict[str, str | tuple[str, ...]]:
    """Return what the .po file says, by message."""
    with (SPANISH / "kiosk.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale="es")
    return {(m.id[0] if isinstance(m.id, tuple) else m.id): m.string for m in catalogue if m.id}


def test_every_message_is_translated_and_none_is_left_over() -> None:
    assert used() - set(written()) == set()
    assert set(written()) - used() == set()
    for message, spanish in written().items():
        forms = spanish if isinstance(spanish, tuple) else (spanish,)
        assert all(forms), message


def test_compiled_words_are_the_written_ones() -> None:
    with (SPANISH / "kiosk.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale="es")
    fresh = io.BytesIO()
    mofile.write_mo(fresh, catalogue)
    fresh.seek(0)
    compiled = gettext.GNUTranslations((SPANISH / "kiosk.mo").open("rb"))
    expected = gettext.GNUTranslations(fresh)
    assert compiled._catalog == expected._catalog, (  # type: ignore[attr-defined]
        "run: pybabel compile -d kiosk/locale -D kiosk"
    )


def test_placeholders_survive_translation() -> None:
    for message, spanish in written().items():
        forms = spanish if isinstance(spanish, tuple) else (spanish,)
        for form in forms:
            assert set(re.findall(r"{\w+}", form)) == set(re.findall(r"{\w+}", message)), message


@pytest.mark.parametrize("code", ["en", "es"])
def test_sentences_under_the_camera_have_at_most_eight_words(code: str) -> None:
    language = Language(code)
    for sentence in (*messages.UNDER_CAMERA, *messages.ENROLMENT.values()):
        assert len(language.gettext(sentence).split()) <= 8, language.gettext(sentence)


def test_a_refusal_tells_no_more_than_these_sentences() -> None:
    assert messages.LOGIN == {
        "refused": "Not admitted. Wait a minute and try again, or ask staff.",
        "no_face": "We could not see your face. Try again.",
        "fault": "Service not available. Ask staff.",
        "paused": "Paused after too many refusals. Try again in {n} seconds, or ask staff.",
    }


def test_a_pause_is_told_in_whole_seconds_and_never_as_none() -> None:
    english = Language("en")
    assert " in 13 seconds," in messages.refusal("paused", 12.2, english)
    assert " in 1 second," in messages.refusal("paused", 0.0, english)
    assert "Espere 13 segundos" in messages.refusal("paused", 12.2, Language("es"))
    assert messages.refusal("what is this", 0.0, english) == messages.FAULT


def test_every_outcome_but_a_grant_has_its_sentence() -> None:
    from atm.decision import Outcome

    assert {o.value for o in Outcome} - {"granted"} == set(messages.LOGIN)


def test_every_verdict_but_ok_has_its_guidance() -> None:
    from face_auth.types import Verdict

    assert {v.value for v in Verdict} - {"ok"} == set(messages.GUIDANCE)


def test_money_is_written_as_each_language_writes_it() -> None:
    assert Language("en").money(135_000) == "€\u00a01,350.00"
    assert Language("es").money(135_000) == "1.350,00\u00a0€"
    assert Language("en").notes(10_000) == "€\u00a0100"
    assert Language("es").notes(10_050) == "100,50\u00a0€"
    assert Language("en").signed(-4_000) == "−\u00a040.00"
    assert Language("es").signed(135_000) == "+\u00a01.350,00"


def test_money_without_minor_units_has_no_decimals() -> None:
    assert Language("en", "JPY", 0).money(1_350).endswith("1,350")


def test_dates_are_written_as_each_language_writes_them() -> None:
    moment = datetime(2026, 11, 22, 10, 42)
    assert Language("en").clock(moment) == "Sunday 22 November, 10:42"
    assert Language("es").clock(moment) == "Domingo 22 de noviembre, 10:42"
    assert Language("en").day_and_time(moment) == "22 Nov, 10:42"


def test_a_moment_with_a_zone_is_shown_in_local_time() -> None:
    moment = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
    assert Language("en").time(moment) == moment.astimezone().strftime("%H:%M")


def test_counts_have_their_plural() -> None:
    words = Language("es")
    one, many = "This page closes in {n} second.", "This page closes in {n} seconds."
    assert words.ngettext(one, many, 1).endswith("1 segundo.")
    assert words.ngettext(one, many, 2).endswith("2 segundos.")


def test_an_unknown_language_is_english() -> None:
    assert Language("tlh").gettext("Home") == "Home"
