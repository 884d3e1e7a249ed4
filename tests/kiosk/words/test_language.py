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
from atm.accounts.money import parse_amount
from atm.login.decision import Outcome
from face_auth.types import Verdict
from kiosk.widgets.keypads import MARKED
from kiosk.words import consent, language, messages
from kiosk.words.language import LOCALE, Language, languages

SOURCE = Path(kiosk.__file__).parent
CODES = [code for code in languages() if code != "en"]
CONSENT = (
    consent.QUESTION,
    *(
        text
        for _icon, *both in (*consent.PARAGRAPHS, consent.UNUSED, consent.WITHOUT_FACE)
        for text in both
    ),
)


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


@pytest.mark.parametrize("code", CODES)
def test_every_letter_that_a_language_is_written_with_can_be_typed(code: str) -> None:
    texts = "".join(form for value in written(code).values() for form in value).lower()
    typed = {*"".join(Language(code).letters), *"".join(MARKED)}
    assert {letter for letter in texts if letter.isalpha()} - {"º", "ª"} <= typed


def test_a_language_is_a_folder_with_a_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is begun is offered under the name it gives itself; what it lacks is English."""
    words = Catalog(locale="fr")
    words.add("English", "Français")
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
        Outcome.REFUSED: "Not admitted. Check your name and PIN, then try again.",
        Outcome.NO_FACE: "We could not see your face. Move it into the oval and try again.",
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


THIN = "\u202f"  # between the thousands of French


@pytest.mark.parametrize(
    ("code", "money", "notes", "signed"),
    [
        ("en", "€1,350.00", "€1,000", "−~40.00"),
        ("es", "1.350,00~€", "1.000~€", "−~40,00"),
        ("fr", f"1{THIN}350,00~€", f"1{THIN}000~€", "−~40,00"),
        ("de", "1.350,00~€", "1.000~€", "−~40,00"),
        ("pt", "1~350,00~€", "1~000~€", "−~40,00"),
    ],
)
def test_money_is_written_as_each_country_writes_it(
    code: str, money: str, notes: str, signed: str
) -> None:
    language = Language(code)
    said = (language.money(135_000), language.notes(100_000), language.signed(-4_000))
    assert said == tuple(text.replace("~", "\u00a0") for text in (money, notes, signed))
    assert parse_amount(language.money(135_000), "EUR") == 135_000  # what is read can be typed
    assert language.hidden_money().replace("•" * 6, "1") == language.notes(100)


def test_cents_of_notes_are_shown_where_there_are_some() -> None:
    assert Language("es").notes(10_050) == "100,50\u00a0€"


def test_money_without_minor_units_has_no_decimals() -> None:
    assert Language("en", "JPY").money(1_350) == "JP¥1,350"


def test_a_currency_without_a_symbol_keeps_its_distance() -> None:
    assert Language("en", "KWD").money(1_350) == "KWD\u00a01.350"


def test_a_share_has_two_digits_that_tell_something() -> None:
    assert [Language("en").share(v) for v in (0.0001, 0.0761, 0.2, 1)] == [
        "0.01%", "7.6%", "20%", "100%",
    ]  # fmt: skip
    assert Language("de").share(0.0761) == "7,6\u00a0%"


@pytest.mark.parametrize(
    ("code", "full", "short"),
    [
        ("en", "22 November 2026, 09:42", "22 Nov, 09:42"),
        ("es", "22 de noviembre de 2026, 9:42", "22 nov, 9:42"),
        ("fr", "22 novembre 2026, 09:42", "22 nov., 09:42"),
        ("de", "22. November 2026, 09:42", "22. Nov., 09:42"),
        ("pt", "22 de novembro de 2026, 09:42", "22/11, 09:42"),
    ],
)
def test_dates_are_written_as_each_country_writes_them(code: str, full: str, short: str) -> None:
    language, moment = Language(code), datetime(2026, 11, 22, 9, 42)
    assert language.clock(moment) == full
    assert language.day_and_time(moment) == short


def test_a_moment_with_a_zone_is_shown_in_local_time() -> None:
    moment = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
    assert Language("en").time(moment) == moment.astimezone().strftime("%H:%M")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ("0 seconds", "1 second", "2 seconds", "5 seconds", "1,000,000 seconds")),
        ("es", ("0 segundos", "1 segundo", "2 segundos", "5 segundos", "1.000.000 segundos")),
        ("fr", ("0 seconde", "1 seconde", "2 secondes", "5 secondes", "1_000_000 secondes")),
        ("de", ("0 Sekunden", "1 Sekunde", "2 Sekunden", "5 Sekunden", "1.000.000 Sekunden")),
        ("pt", ("0 segundos", "1 segundo", "2 segundos", "5 segundos", "1~000~000 segundos")),
    ],
)
def test_counts_have_their_plural(code: str, words: tuple[str, ...]) -> None:
    """CLDR has one more form in es, fr and pt: whole millions, as "un millón de segundos".

    Written in digits they take the plural, which is all that gettext's two forms can say.
    """
    one, many = "This page closes in {n} second.", "This page closes in {n} seconds."
    for number, expected in zip((0, 1, 2, 5, 1_000_000), words, strict=True):
        said = Language(code).ngettext(one, many, number)
        assert f" {expected.replace('~', chr(0xA0)).replace('_', THIN)}." in said


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("number", [0, 1, 2, 5, 1_000_000])
def test_the_catalogue_s_plural_rule_is_cldr_s(code: str, number: int) -> None:
    language = Language(code)
    category = language.locale.plural_form(number)
    chosen = language._words.plural(number)  # type: ignore[attr-defined]
    assert chosen == {"one": 0, "other": 1, "many": 1}[category]


@pytest.mark.parametrize("code", CODES)
def test_every_language_s_consent_says_as_much_as_the_english_one(code: str) -> None:
    """One question, and a title and a text for each paragraph, none of them twice or in English."""
    theirs = [Language(code).gettext(text) for text in CONSENT]
    assert len(set(theirs) - set(CONSENT)) == 1 + 2 * (len(consent.PARAGRAPHS) + 2)


@pytest.mark.parametrize("code", CODES)
def test_the_consent_is_marked_for_the_bank_to_approve(code: str) -> None:
    entries = {entry.id: entry.auto_comments for entry in catalogue(code)}
    for text in CONSENT:
        assert entries[text] == ["consent, to be approved by the bank"], text


def test_an_unknown_language_is_english() -> None:
    assert Language("tlh").gettext("Home") == "Home"
