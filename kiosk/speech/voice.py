"""Voices: the interface of what speaks, and espeak-ng with ALSA's player behind it.

espeak-ng is driven as a process for each utterance, so that it can be cut short at once: a kill
stops it in the middle of a word. A daemon such as speech-dispatcher would need a session of its own
and a configuration for the sound card; here the card is one option of `aplay`.
"""

from __future__ import annotations

import io
import logging
import math
import shutil
import struct
import subprocess
import wave
from collections.abc import Sequence
from typing import IO, Protocol

RATE_HZ = 22_050
TONES_HZ = {"key": 880, "back": 440}
"""What stands for a digit of a PIN that was typed, and for one that was taken away."""
_TONE_S, _EDGE_S = 0.09, 0.01
_LOUDEST = 150  # espeak-ng's amplitude; from 200 on it clips

_log = logging.getLogger(__name__)


class Voice(Protocol):
    """Interface of what speaks."""

    @property
    def busy(self) -> bool:
        """Whether something is being said."""
        ...

    def say(self, text: str, language: str, *, pace: int, volume: int) -> None:
        """Say *text* in the place of what is being said.

        Args:
            text: One or more sentences.
            language: Its code.
            pace: Words a minute.
            volume: Per cent.
        """
        ...

    def tone(self, name: str, *, volume: int) -> None:
        """Sound one of `TONES_HZ` in the place of what is being said."""
        ...

    def stop(self) -> None:
        """Be silent at once."""
        ...


class Espeak:
    """espeak-ng, played by `aplay`."""

    def __init__(self, espeak: str, player: str, device: str = "") -> None:
        """Say nothing yet.

        Args:
            espeak: Path of `espeak-ng`.
            player: Path of `aplay`.
            device: ALSA's name of the sound card; "": the default one.
        """
        self._espeak = espeak
        self._play = [player, "-q", *(["-D", device] if device else []), "-"]
        self._running: list[subprocess.Popen[bytes]] = []
        self._killed: list[subprocess.Popen[bytes]] = []
        self._complained = False

    @property
    def busy(self) -> bool:
        """Whether a player is running; one that failed is told to the log, once."""
        if not self._running:
            return False
        code = self._running[-1].poll()
        if code is None:
            return True
        if code and not self._complained:
            self._complained = True
            _log.warning("Speech cannot be heard: %s ended with %d.", self._play[0], code)
        self.stop()
        return False

    def say(self, text: str, language: str, *, pace: int, volume: int) -> None:
        """Start espeak-ng and the player."""
        self.stop()
        speaker = self._start(
            speaking(self._espeak, language, pace=pace, volume=volume), subprocess.PIPE
        )
        self._start(self._play, speaker.stdout)
        assert speaker.stdin is not None and speaker.stdout is not None
        speaker.stdout.close()  # so that espeak-ng ends with its player
        _write(speaker.stdin, text.encode())

    def tone(self, name: str, *, volume: int) -> None:
        """Start the player with a short tone."""
        self.stop()
        player = self._start(self._play, subprocess.PIPE)
        assert player.stdin is not None
        _write(player.stdin, tone_wav(TONES_HZ[name], volume))

    def stop(self) -> None:
        """Kill what is running; it is waited for later, so that a sound card cannot hold us up."""
        for process in self._running:
            process.kill()
        self._killed = [p for p in (*self._killed, *self._running) if p.poll() is None]
        self._running = []

    def _start(
        self, command: Sequence[str], source: int | IO[bytes] | None
    ) -> subprocess.Popen[bytes]:
        first = source == subprocess.PIPE
        process = subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE if first else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._running.append(process)
        return process


def _write(pipe: IO[bytes], content: bytes) -> None:
    """Write what fits in a pipe at once: an utterance or a tone is far below its 64 KiB."""
    try:
        pipe.write(content)
        pipe.close()
    except BrokenPipeError:
        _log.info("The voice ended before it was told what to say.")


def speaking(espeak: str, language: str, *, pace: int, volume: int) -> list[str]:
    """Return the command that reads text from its input and writes a WAV to its output."""
    return [
        espeak, "--stdin", "--stdout", "-v", language, "-s", str(pace), "-a",
        str(round(_LOUDEST * volume / 100)),
    ]  # fmt: skip


def tone_wav(pitch_hz: float, volume: int) -> bytes:
    """Return a short tone as a WAV, with soft edges; *volume* in per cent."""
    count, edge = round(RATE_HZ * _TONE_S), round(RATE_HZ * _EDGE_S)
    peak = 0.5 * 32767 * volume / 100
    samples = (
        round(
            peak
            * min(1.0, n / edge, (count - n) / edge)
            * math.sin(2 * math.pi * pitch_hz * n / RATE_HZ)
        )
        for n in range(count)
    )
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(struct.pack(f"<{count}h", *samples))
    return made.getvalue()


def find_voice(device: str = "") -> Voice | None:
    """Return the voice of this machine, or None where espeak-ng or `aplay` is not installed."""
    espeak, player = shutil.which("espeak-ng"), shutil.which("aplay")
    return Espeak(espeak, player, device) if espeak and player else None
