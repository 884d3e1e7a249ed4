"""The reader: says what the page in front shows, as it appears and changes.

A page need not know of it: what is said is found in its widgets. A key or a touch silences what is
being said; everything else waits for its turn, but for a movement that is asked for.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from kiosk.access import PACES, VOLUMES
from kiosk.shell import Shell
from kiosk.speech.reading import Line, describe, lines
from kiosk.speech.voice import Voice
from kiosk.widgets.fields import Field
from kiosk.widgets.focus import Control, FocusKeeper
from kiosk.words.spoken import spoken

PUMP_MS = 40
"""How often it is looked whether the voice is free for what waits."""


class Reader:
    """Reads pages, dialogs, focused controls and typed characters aloud."""

    def __init__(self, app: Shell, focus: FocusKeeper, voice: Voice | None) -> None:
        """Say nothing until the visitor's choices say so; None is a machine without a voice."""
        self.voice = voice
        self._app = app
        self._focus = focus
        self._front: object = None
        self._seen: Counter[str] = Counter()
        self._waiting: list[Line] = []
        self._last = self._status = ""
        self._due: Control | None = None
        self._field: tuple[Field | None, str] = (None, "")
        self._urgent = False
        self._timer: str | None = None
        focus.moved = self._moved
        root = app.window.root
        root.bind("<<Said>>", lambda _event: self.look(), add="+")
        root.bind_all("<KeyPress>", self._typed, add="+")
        root.bind_all("<ButtonRelease>", self._typed, add="+")

    @property
    def on(self) -> bool:
        """Whether pages are read."""
        return self.voice is not None and self._app.access.speech

    def note_speech(self) -> None:
        """Tell the idle clock that something is being said; before what hides by that clock."""
        if self.on and self.voice is not None and self.voice.busy:
            self._app.idle.heard()

    def look(self) -> None:
        """Say what is new on the page in front; called four times a second and at each change."""
        if not self.on:
            self._front, self._status = None, ""
            return
        app = self._app
        front: Any = app.dialog or app.screen
        widget = getattr(front, "cover", front)
        if not widget.winfo_viewable():
            return
        found = lines(widget, front, app.language)
        if front is not self._front:
            self.hush()
            self._front, self._seen = front, Counter()
            self._field = (app.screen.typing, _content(app.screen.typing))
        seen, self._seen = self._seen, Counter(line.key for line in found)
        for line in found:
            if seen[line.key]:
                seen[line.key] -= 1
            else:
                self._add(line)
        status = Line(spoken(str(app.window.status_bar.left.cget("text")), app.language))
        if app.dialog is None and status.key != self._status:
            self._status = status.key
            self._add(status)
        self._say_focus()

    def speaks(self) -> bool:
        """Read what is new on the page, and return whether a movement is still to be asked for."""
        self.look()
        waits = bool(self._waiting) and self._waiting[0].urgent
        return waits or (self._urgent and self.voice is not None and self.voice.busy)

    def hush(self) -> None:
        """Be silent at once, and forget what was still to be said."""
        self._waiting.clear()
        self._last = ""
        if self.voice is not None:
            self.voice.stop()

    def again(self) -> None:
        """Read the page in front from its beginning."""
        self.hush()
        self._front, self._status = None, ""
        self._due = self._focus.current
        self.look()

    def close(self) -> None:
        """End."""
        if self._timer is not None:
            self._app.window.root.after_cancel(self._timer)
            self._timer = None
        self.hush()

    def _moved(self, control: Control) -> None:
        """Note that the focus came to *control*; said after what the page says."""
        self._due = control
        if self.on:
            self._app.window.root.after_idle(self.look)

    def _say_focus(self) -> None:
        control, self._due = self._due, None
        if control is None or not control.focused or not control.reachable:
            return
        typing = self._app.screen.typing
        if isinstance(control, Field):
            self._field = (control, _content(control))
        secret = typing is not None and typing.kind == "pin" and self._app.dialog is None
        self._add(Line(describe(control, self._app.language, secret=secret)))

    def _typed(self, _event: object) -> None:
        """Say what was typed: a character, or a tone in a PIN."""
        app, voice = self._app, self.voice
        if not self.on or voice is None or app.dialog is not None:
            return
        field, current = app.screen.typing, self._focus.current
        if isinstance(current, Field) and current.focused and current.reachable:
            field = current
        known, before = self._field
        after = _content(field)
        self._field = (field, after)
        if field is None or field is not known or after == before:
            return
        longer = len(after) > len(before)
        if field.kind == "pin":
            voice.tone("key" if longer else "back", volume=VOLUMES[app.access.volume])
            return
        _ = app.language.gettext
        character = _difference(after, before) if longer else _difference(before, after)
        said = _("space") if character == " " else character
        self._add(Line(said if longer else _("{text} deleted").format(text=said)))

    def _add(self, line: Line) -> None:
        if not line.text or line.text == self._last:
            return
        if line.urgent:
            self.hush()
        if line.live:
            self._waiting = [each for each in self._waiting if not each.live]
        self._last = line.text
        self._waiting.append(line)
        if self._timer is None:
            self._timer = self._app.window.root.after_idle(self._pump)

    def _pump(self) -> None:
        """Say what waits, in one breath, once the voice is free; a movement alone."""
        self._timer = None
        voice, access = self.voice, self._app.access
        if voice is None or not self._waiting:
            return
        if voice.busy:
            self._timer = self._app.window.root.after(PUMP_MS, self._pump)
            return
        self._urgent = self._waiting[0].urgent
        count = 1 if self._urgent else len(self._waiting)
        text = " ".join(_ended(line.text) for line in self._waiting[:count])
        del self._waiting[:count]
        if self._waiting:
            self._timer = self._app.window.root.after(PUMP_MS, self._pump)
        voice.say(
            text, self._app.language.code, pace=PACES[access.pace], volume=VOLUMES[access.volume]
        )


def _content(field: Field | None) -> str:
    """Return what was typed, and of a PIN only how long it is."""
    if field is None:
        return ""
    return "•" * len(field.text) if field.kind == "pin" else field.text


def _ended(text: str) -> str:
    """Return *text* with a full stop, so that the voice pauses."""
    return text if text[-1] in ".?!…" else text + "."


def _difference(longer: str, shorter: str) -> str:
    """Return what *longer* has and *shorter* lacks, where one piece was typed or deleted."""
    start = 0
    while start < len(shorter) and longer[start] == shorter[start]:
        start += 1
    end = len(longer) - (len(shorter) - start)
    return longer[start:end]
