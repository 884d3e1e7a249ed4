"""Rows and columns: how parts share the room, and when they stand one under the other."""

from typing import Any

import pytest

from kiosk.layout import Column, Either, Grid, Inset, Reflow, Row, Space


class Part:
    """A part that notes its place; its words take more lines where it is narrow."""

    shown = True

    def __init__(
        self, wide: int, high: int, *, least: int = 0, grow: int = 0, most: int = 0
    ) -> None:
        self.most = most
        self.wide, self.high, self.grow = wide, high, grow
        self.least = least or wide
        self.place: tuple[int, ...] | None = None

    def least_width(self) -> int:
        """Return what it was made with."""
        return self.least

    def wanted_width(self) -> int:
        """Return what it was made with."""
        return self.wide

    def heights(self, width: int) -> tuple[int, int]:
        """Return a line for each full width."""
        lines = -(-self.wide // max(1, width))
        return self.high * lines, self.high * lines

    def most_height(self, width: int) -> int:
        """Return what it was made with."""
        return self.most

    def arrange(self, *place: int) -> None:
        """Note it."""
        self.place = place

    def hide(self) -> None:
        """Note it."""
        self.place = None


def test_what_a_row_has_left_goes_to_the_parts_that_grow_by_their_shares() -> None:
    a, b, c = Part(100, 10), Part(50, 10, grow=1), Part(50, 10, grow=3)
    Row(a, b, c, gap=10).arrange(0, 0, 520, 40)
    assert [p.place for p in (a, b, c)] == [
        (0, 0, 100, 40), (110, 0, 100, 40), (220, 0, 300, 40)
    ]  # fmt: skip


def test_a_part_that_grows_never_gets_less_than_it_needs() -> None:
    a, b = Part(300, 10, grow=1), Part(50, 10, grow=3)
    Row(a, b, gap=0).arrange(0, 0, 400, 10)
    assert a.place == (0, 0, 300, 10) and b.place == (300, 0, 100, 10)


def test_a_column_is_as_high_as_its_words_need_at_its_width() -> None:
    column = Column(Part(400, 30), Part(100, 20), gap=10)
    assert column.heights(400) == (30 + 20 + 5, 30 + 20 + 10)
    assert column.heights(200) == (60 + 20 + 5, 60 + 20 + 10)


def test_a_column_short_of_room_halves_its_gaps_before_it_needs_more() -> None:
    a, b = Part(100, 30), Part(100, 30)
    column = Column(a, b, gap=20)
    column.arrange(0, 0, 100, column.heights(100)[0])
    assert a.place == (0, 0, 100, 30) and b.place == (0, 40, 100, 30)


def test_parts_stand_side_by_side_while_each_has_its_least_width() -> None:
    a, b = Part(300, 10, grow=1), Part(300, 10, grow=1)
    both = Reflow(a, b, gap=20)
    both.arrange(0, 0, 620, 100)
    assert a.place == (0, 0, 300, 100) and b.place == (320, 0, 300, 100)
    both.arrange(0, 0, 619, 100)
    assert a.place == (0, 0, 619, 40) and b.place == (0, 60, 619, 40)


def test_parts_stand_one_under_the_other_where_that_is_less_high() -> None:
    sentence, button = Part(800, 40, least=100, grow=1), Part(300, 40)
    both = Reflow(sentence, button, gap=20)
    both.arrange(0, 0, 440, 200)  # eight lines beside the button, two above it
    assert sentence.place is not None and sentence.place[2] == 440
    assert button.place is not None and button.place[1] > sentence.place[1]


@pytest.mark.parametrize(("high", "beside"), [(280, True), (279, False)])
def test_parts_that_are_all_of_a_page_stand_side_by_side_where_the_page_has_room(
    high: int, beside: bool
) -> None:
    sentence, pane = Part(800, 40, least=100, grow=1), Part(300, 40)
    Reflow(sentence, pane, gap=20, room=lambda: (440, high)).arrange(0, 0, 440, high)
    assert pane.place is not None and (pane.place[1] == 0) is beside


def test_what_one_part_has_no_use_for_goes_to_the_others() -> None:
    pad, space = Part(100, 40, grow=1, most=100), Part(100, 0, grow=1)
    Column(space, pad, gap=0).arrange(0, 0, 100, 400)
    assert space.place == (0, 0, 100, 300) and pad.place == (0, 300, 100, 100)
    inner = Column(pad, Part(100, 50), gap=0, grow=1)
    Column(space, inner, gap=0).arrange(0, 0, 100, 400)
    assert pad.place == (0, 250, 100, 100)


def test_a_window_in_portrait_has_the_other_arrangement_and_hides_what_that_has_not() -> None:
    a, b, only_wide = Part(100, 10), Part(100, 10), Part(100, 10)
    room = (100, 90)
    both = Either(Column(a, b, only_wide, gap=0), Column(b, a, gap=0), lambda: room)
    both.arrange(0, 0, 100, 300)
    assert a.place == (0, 0, 100, 10) and only_wide.place == (0, 20, 100, 10)
    room = (15, 20)  # portrait, but the words need more lines there
    both.arrange(0, 0, 100, 300)
    assert only_wide.place is not None
    room = (100, 300)
    both.arrange(0, 0, 100, 300)
    assert b.place == (0, 0, 100, 10) and a.place == (0, 10, 100, 10) and only_wide.place is None


def test_a_grid_that_would_leave_much_empty_has_fewer_columns() -> None:
    parts = [Part(100, 40) for _ in range(4)]
    grid = Grid(*parts, columns=2, gap=0, most=100)
    grid.arrange(0, 0, 400, 240)
    assert [p.place for p in parts][1] == (200, 0, 200, 100)
    grid.arrange(0, 0, 400, 400)
    assert [p.place for p in parts][1] == (0, 100, 400, 100)
    high = [Part(100, 90) for _ in range(4)]
    Grid(*high, columns=2, gap=0, most=10).arrange(0, 0, 400, 300)  # four rows have no room
    assert [p.place for p in high][1] == (200, 0, 200, 90)


def test_what_is_not_shown_takes_no_room_and_is_hidden() -> None:
    a, b, c = Part(100, 10), Part(100, 10), Part(100, 10)
    column = Column(a, b, c, gap=10)
    column.arrange(0, 0, 100, 50)
    b.shown = False
    assert column.heights(100)[1] == 30
    column.arrange(0, 0, 100, 30)
    assert b.place is None and c.place == (0, 20, 100, 10)


@pytest.mark.parametrize(("width", "columns"), [(340, 3), (339, 2), (219, 1)])
def test_a_grid_has_as_many_columns_as_fit(width: int, columns: int) -> None:
    parts = [Part(100, 10) for _ in range(6)]
    Grid(*parts, columns=3, gap=20).arrange(0, 0, width, 400)
    places: list[Any] = [part.place for part in parts]
    assert len({x for x, _y, _w, _h in places}) == columns
    assert len({(w, h) for _x, _y, w, h in places}) == 1


def test_an_inset_stays_in_the_middle_of_what_it_may_not_fill() -> None:
    part = Part(100, 10)
    Inset(part, sides=10, ends=0, most=200).arrange(0, 0, 500, 10)
    assert part.place == (160, 0, 180, 10)


def test_space_takes_what_is_left() -> None:
    a = Part(100, 10)
    Column(Space(grow=1), a, Space(grow=1), gap=0).arrange(0, 0, 100, 110)
    assert a.place == (0, 50, 100, 10)
