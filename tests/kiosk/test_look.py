"""Every widget of every page: sizes, contrast and fit, from its real colours and fonts."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, product
from typing import Any

import pytest

from kiosk.widgets import theme
from kiosk.widgets.top_bar import StatusText
from kiosk.words.language import languages
from tests.kiosk import customer_pages, staff_pages
from tests.kiosk.contrast import LEAST, weak
from tests.kiosk.looking import (
    SIZES,
    Case,
    every,
    pairwise,
    unreached,
    visible,
    wear,
    wrong_with,
)

CODES = list(languages())
PAGES = {"customers": customer_pages.pages, "staff": staff_pages.pages}
LEAST_SEEN = 3000
"""Widgets that a whole list of pages shows, at the least."""


def judged(
    kiosk: Any, pages: Iterable[str], cases: Callable[[int], Sequence[Case]]
) -> tuple[int, set[str]]:
    """Look at every page; returns how many widgets there were, and what is wrong.

    Args:
        kiosk: An open window.
        pages: Brings a page to the front, and yields its name.
        cases: Returns how the page of a number is looked at: all in one palette.
    """
    app, wrong, seen = kiosk.app, set[str](), 0
    number, before = 0, ""
    show = app.show

    def coloured(make: Any) -> None:
        """Show a page, built in the palette of its case: colours do not change in a built one."""
        app.access = dataclasses.replace(app.access, palette=cases(number)[0].palette)
        app.visit.adopt()
        show(make)

    app.show = coloured
    for page in pages:
        again = page.split(",")[0] == before  # the same page with another sentence
        before = page.split(",")[0]
        for case in cases(number):
            wear(kiosk, case)
            kiosk.screen.lay_now()  # as it is about to, where a sentence has changed
            kiosk.root.update_idletasks()
            seen += sum(1 for _ in visible(kiosk.root))
            found = [*wrong_with(kiosk), *(() if again else unreached(kiosk))]
            if not again and case.size[1] <= kiosk.root.winfo_screenheight():
                found += weak(kiosk, "pixels", *LEAST[theme.worn()])
            wrong |= {f"{page} ({case}): {fault}" for fault in found}
        number += not again
    return seen, wrong


@pytest.mark.gui
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("whose", PAGES)
def test_every_widget_of_every_page_is_large_clear_and_reached(
    machine: Any, settings: Any, kiosk_on: Any, whose: str, code: str
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, language=code))
    language = CODES.index(code)
    seen, wrong = judged(
        kiosk, PAGES[whose](kiosk, machine), lambda page: [pairwise(page, language)]
    )
    assert seen > LEAST_SEEN
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.gui
@pytest.mark.long
@pytest.mark.parametrize("palette", theme.PALETTES)
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("whose", PAGES)
def test_every_widget_of_every_page_is_so_in_every_window_text_size_and_palette(
    machine: Any, settings: Any, kiosk_on: Any, whose: str, code: str, palette: str
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, language=code))
    _seen, wrong = judged(kiosk, PAGES[whose](kiosk, machine), lambda _page: every(palette))
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.gui
@pytest.mark.parametrize("whose", PAGES)
def test_every_widget_of_every_page_is_so_in_the_fallback_font(
    machine: Any, settings: Any, kiosk_on: Any, monkeypatch: Any, whose: str
) -> None:
    monkeypatch.setattr(theme.Fonts.__init__, "__defaults__", ("no such family",))
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, language="es"))
    _seen, wrong = judged(
        kiosk,
        PAGES[whose](kiosk, machine),
        lambda page: [Case(SIZES[page % len(SIZES)], theme.TEXT_STEPS[0])],
    )
    assert not wrong, "\n".join(sorted(wrong))


def test_each_two_of_page_language_size_text_size_and_palette_meet() -> None:
    factors = [range(15), range(5), SIZES, theme.TEXT_STEPS, theme.PALETTES]
    cases = []
    for page, language in product(range(15), range(5)):
        case = pairwise(page, language)
        cases.append((page, language, case.size, case.step, case.palette))
    for one, other in combinations(range(len(factors)), 2):
        met = {(case[one], case[other]) for case in cases}
        assert met == set(product(factors[one], factors[other])), (one, other)


@pytest.mark.gui
@pytest.mark.parametrize("code", CODES)
def test_a_bar_of_progress_leaves_the_words_beside_it_whole(
    machine: Any, settings: Any, kiosk_on: Any, code: str
) -> None:
    kiosk = kiosk_on(machine, settings=dataclasses.replace(settings, language=code))
    bar = kiosk.app.window.status_bar
    words = kiosk.app.language.gettext("Nobody can log in now.")
    for case in every(theme.NORMAL):
        wear(kiosk, case)
        bar.say(StatusText(words, "warn", progress=(9_999, 10_000)))
        assert bar.left.cget("text") == words, case
        bar.say(StatusText("", "ok"))
