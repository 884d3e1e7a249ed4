"""An ear in the place of the voice, and a customer who knows nothing but what it hears."""

from __future__ import annotations

from typing import Any


class Ear:
    """Voice that keeps what it was told to say; it takes no time over it, unless it is `slow`."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        """Language and text of each utterance; of a tone “tone” and its name."""
        self.paces: list[int] = []
        self.volumes: list[int] = []
        self.busy = False
        self.slow = False
        self.stopped = 0

    def say(self, text: str, language: str, *, pace: int, volume: int) -> None:
        """Keep it."""
        self.heard.append((language, text))
        self.paces.append(pace)
        self.volumes.append(volume)
        self.busy = self.slow

    def tone(self, name: str, *, volume: int) -> None:
        """Keep it."""
        self.heard.append(("tone", name))

    def stop(self) -> None:
        """Fall silent."""
        self.stopped += 1
        self.busy = False

    @property
    def words(self) -> str:
        """All that was said, in order."""
        return " ".join(text for language, text in self.heard if language != "tone")


class BlindCustomer:
    """Presses keys, and decides by what is heard alone; knows no page and no widget."""

    def __init__(self, kiosk: Any, ear: Ear) -> None:
        self._kiosk = kiosk
        self._ear = ear
        self._from = 0

    @property
    def news(self) -> str:
        """What was said since the last key."""
        return " ".join(text for _language, text in self._ear.heard[self._from :])

    def press(self, *keys: str) -> None:
        """Press keys; what was heard before them is forgotten."""
        for key in keys:
            self.listen_on()
            self._kiosk.key(key)

    def listen_on(self) -> None:
        """Attend to what is said from now on."""
        self._from = len(self._ear.heard)

    def hear(self, *any_of: str) -> str:
        """Wait until one of these is heard; returns which."""

        def found() -> str:
            news = self.news
            return next((words for words in any_of if words in news), "")

        try:
            self._kiosk.until(found)
        except AssertionError as error:
            raise AssertionError(f"heard only {self.news!r}, none of {any_of}") from error
        return found()

    def tab_to(self, name: str) -> None:
        """Press Tab until a button of that name is heard."""
        for _ in range(40):
            self.press("Tab")
            self.hear("button", "type here")
            if self.news.startswith(name):
                return
        raise AssertionError(f"there is no {name}; the last was {self.news}")

    def type(self, text: str) -> None:
        """Type, and hear something for each key."""
        for character in text:
            self.press(character)
            self._kiosk.until(lambda: self.news)
