"""Words and formats: every message is translated, and the catalogues are compiled."""

import functools
import gettext
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages import Catalog, extract, mofile, pofile

import kiosk
from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.words import language, messages
from kiosk.words.language import LOCALE, Language, languages

SOURCE = Path(kiosk.__file__).parent
CODES = [code for code in languages() if code != "en"]


@functools.cache
def used() -> set[str]:
    """Return every message in the source."""
    found = extract.extract_from_dir(str(SOURCE), [("**.py", "python")])
    return {m[0] if isinstance(m, tuple) else m for _file, _line, m, _c, _x in found}


def catalogue(code: str) -> Catalog:
    with (LOCALE / code / "LC_MESSAGES" / "kiosk.po").open("rb") as file:
        return pofile.read_po(file, locale=code)


def written(code: str) -> dict[str, str | tuple[str, ...]]:
    """Return what the .po file says, by message."""
    entries = catalogue(code)
    return {(m.id[0] if isinstance(m.id, tuple) else m.id): m.string for m in entries if m.id}


@pytest.mark.parametrize("code", CODES)
def test_every_message_is_translated_and_none_is_left_over(code: str) -> None:
    assert used() - set(written(code)) == set(), "run: make messages"
    assert set(written(code)) - used() == set(), "run: make messages"
    for message, translated in written(code).items():
        forms = translated if isinstance(translated, tuple) else (translated,)
        assert all(forms), message


@pytest.mark.parametrize("code", CODES)
def test_compiled_words_are_the_written_ones(code: str) -> None:
    fresh = io.BytesIO()
    mofile.write_mo(fresh, catalogue(code))
    fresh.seek(0)
    compiled = gettext.GNUTranslations((LOCALE / code / "LC_MESSAGES" / "kiosk.mo").open("rb"))
    expected = gettext.GNUTranslations(fresh)
    assert compiled._catalog == expected._catalog, (  # type: ignore[attr-defined]
        "run: make messages"
    )


@pytest.mark.parametrize("code", CODES)
def test_placeholders_survive_translation(code: str) -> None:
    for message, translated in written(code).items():
        forms = translated if isinstance(translated, tuple) else (translated,)
        for form in forms:
            assert set(re.findall(r"{\w+}", form)) == set(re.findall(r"{\w+}", message)), message


@pytest.mark.parametrize("code", languages())
def test_the_letter_pad_has_three_rows_of_a_language_and_no_letter_twice(code: str) -> None:
    letters = Language(code).letters
    assert [len(row) for row in letters] == [10, 10, 7]
    assert len(set("".join(letters))) == 27


def test_a_language_is_a_folder_with_a_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is begun is offered under the name it gives itself; what it lacks is English."""
    words = Catalog(locale="fr")
    words.add("English", "Français")
    words.add("¤ #,##0.00", "#,##0.00 ¤")
    words.add("en_GB", "fr_FR")
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "kiosk.mo").open("wb") as file:
        mofile.write_mo(file, words)
    monkeypatch.setattr(language, "LOCALE", tmp_path)
    languages.cache_clear()
    try:
        assert languages() == {"en": "English", "fr": "Français"}
        french = Language("fr")
        assert french.money(135_000) == "1\u202f350,00\u00a0€"
        assert french.gettext("Home") == "Home"
        assert french.letters == Language("en").letters
        assert Language("es").code == "en"  # its folder is not there
    finally:
        languages.cache_clear()


@pytest.mark.parametrize("code", languages())
def test_sentences_under_the_camera_have_at_most_eight_words(code: str) -> None:
    words = Language(code)
    for sentence in (
        *messages.UNDER_CAMERA,
        *messages.ENROLMENT.values(),
        *messages.TOO_FEW.values(),
    ):
        assert len(words.gettext(sentence).split()) <= 8, words.gettext(sentence)


def test_a_refusal_tells_no_more_than_these_sentences() -> None:
    assert messages.LOGIN == {
        Outcome.REFUSED: "Not admitted. Wait a minute and try again, or ask staff.",
        Outcome.NO_FACE: "We could not see your face. Try again.",
        Outcome.FAULT: "Service not available. Ask staff.",
        Outcome.PAUSED: "Paused after too many refusals. Try again in {n} seconds, or ask staff.",
    }


def test_a_pause_is_told_in_whole_seconds_and_never_as_none() -> None:
    english = Language("en")
    assert " in 13 seconds," in messages.refusal(Outcome.PAUSED, 12.2, english)
    assert " in 1 second," in messages.refusal(Outcome.PAUSED, 0.0, english)
    assert "Espere 13 segundos" in messages.refusal(Outcome.PAUSED, 12.2, Language("es"))
    assert messages.refusal(Outcome.GRANTED, 0.0, english) == messages.FAULT


def test_every_outcome_but_a_grant_has_its_sentence() -> None:
    assert set(Outcome) - {Outcome.GRANTED} == set(messages.LOGIN)


def test_every_verdict_but_ok_has_its_guidance() -> None:
    assert set(Verdict) - {Verdict.OK} == set(messages.GUIDANCE)


def test_money_is_written_as_each_language_writes_it() -> None:
    assert Language("en").money(135_000) == "€\u00a01,350.00"
    assert Language("es").money(135_000) == "1.350,00\u00a0€"
    assert Language("en").notes(10_000) == "€\u00a0100"
    assert Language("es").notes(10_050) == "100,50\u00a0€"
    assert Language("en").signed(-4_000) == "−\u00a040.00"
    assert Language("es").signed(135_000) == "+\u00a01.350,00"


def test_money_without_minor_units_has_no_decimals() -> None:
    assert Language("en", "JPY").money(1_350).endswith("1,350")


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
