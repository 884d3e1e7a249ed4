"""Display-only widgets: status line, cards, rules, badges."""

from __future__ import annotations

import tkinter
from typing import Any

import customtkinter

from kiosk.widgets import theme
from kiosk.widgets.focus import Control
from kiosk.widgets.icons import icon

_AROUND = 84  # what the symbol and the margins of a sentence take


class StatusLine(Control, customtkinter.CTkLabel):  # type: ignore[misc]
    """One sentence with an icon: what to do now, or the result."""

    def __init__(
        self,
        master: Any,
        fonts: theme.Fonts,
        *,
        width: int,
        height: int = 68,
        ground: str | None = None,
        weight: str = "medium",
        size: int = theme.BODY,
    ) -> None:
        """Make an empty line."""
        self.ground = ground = ground or theme.PAPER
        self.tone = ""
        self.sentence = ""
        customtkinter.CTkLabel.__init__(
            self,
            master,
            width=width,
            height=height,
            corner_radius=theme.BUTTON_CORNER,
            text="",
            font=fonts(size, weight if fonts.family == theme.FAMILY else "regular"),
            anchor="w",
            justify="left",
            wraplength=width - _AROUND,
            compound="left",
            fg_color=theme.SOFT,
            bg_color=ground,
            text_color=theme.PRIMARY,
        )
        self.box = (width, height)
        self.init_control(self, width, height)
        tkinter.Frame.configure(self, takefocus=1)
        self.enabled = False  # the focus comes here only after a refusal

    def say(self, tone: str, sentence: str) -> None:
        """Show *sentence* in one of the `theme.TONES`; do nothing if it is shown already."""
        if (tone, sentence) == (self.tone, self.sentence):
            return
        colours = theme.TONES[tone]
        if tone != self.tone:
            symbol = icon(colours.icon, colours.text, 28, (8, 14))
            self.configure(
                text=sentence, text_color=colours.text, fg_color=colours.ground, image=symbol
            )
        else:
            self.configure(text=sentence)
        self.tone, self.sentence = tone, sentence
        self.event_generate("<<Said>>")  # for the ear

    def focus_set(self) -> None:
        """Put the focus on the line."""
        self.take_focus()


def card(master: Any, width: int, height: int, *, ground: str | None = None) -> Any:
    """Return a white pane with a hair line around it."""
    return customtkinter.CTkFrame(
        master,
        width=width,
        height=height,
        corner_radius=theme.PANE_CORNER,
        border_width=1,
        border_color=theme.HAIR,
        fg_color=theme.SURFACE,
        bg_color=ground or theme.PAPER,
    )


def hair(master: Any, width: int, height: int = 1, colour: str | None = None) -> Any:
    """Return a thin line that carries no meaning."""
    colour = colour or theme.HAIR
    return customtkinter.CTkFrame(
        master, width=width, height=height, corner_radius=0, fg_color=colour, bg_color=colour
    )


def disc(
    master: Any,
    symbol: str,
    colour: str,
    fill: str,
    *,
    size: int = 96,
    font: theme.FontSpec | None = None,
    ground: str | None = None,
) -> Any:
    """Return a round sign with an icon, or with one character where *font* is given."""
    made = customtkinter.CTkFrame(
        master,
        width=size,
        height=size,
        corner_radius=size // 2,
        fg_color=fill,
        bg_color=ground or theme.SURFACE,
    )
    inner = customtkinter.CTkLabel(
        made,
        width=0,
        height=0,
        corner_radius=0,
        text=symbol if font else "",
        text_color=colour,
        font=font,
        image=None if font else icon(symbol, colour, size * 6 // 11),
    )
    inner.place(relx=0.5, rely=0.5, anchor="center")
    return made
