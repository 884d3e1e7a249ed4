"""The real voice: what espeak-ng makes, and that it is silent at once."""

import io
import itertools
import math
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import pytest

from kiosk.access import PACES, VOLUMES
from kiosk.speech.voice import TONES_HZ, Espeak, find_voice, speaking, tone_wav
from kiosk.words.language import languages
from tests.patience import until

TEXT = "Turn your head to the left. Withdraw 40 euros?"


@pytest.fixture
def espeak() -> str:
    """Path of espeak-ng, or a skip where it is not installed."""
    found = shutil.which("espeak-ng")
    if found is None:
        pytest.skip("espeak-ng is not installed")
    return found


def spoken(
    espeak: str, text: str = TEXT, language: str = "en", pace: int = 0, volume: int = 1
) -> tuple[list[float], int]:
    """Return the samples that espeak-ng makes, -1 to 1, and how many there are in a second."""
    made = subprocess.run(
        speaking(espeak, language, pace=PACES[pace], volume=VOLUMES[volume]),
        input=text.encode(), capture_output=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    return samples_of(made)


def samples_of(content: bytes) -> tuple[list[float], int]:
    """Return the samples of a WAV of one channel, and its rate."""
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        frames, rate = file.readframes(file.getnframes()), file.getframerate()
    count = len(frames) // 2
    return [value / 32768 for value in struct.unpack(f"<{count}h", frames[: 2 * count])], rate


def loudness_db(samples: list[float]) -> float:
    """Return the root mean square in decibels below full scale."""
    return 10 * math.log10(sum(value * value for value in samples) / len(samples))


def test_a_sentence_of_nine_words_is_long_and_loud_enough(espeak: str) -> None:
    samples, rate = spoken(espeak)
    assert 2.0 < len(samples) / rate < 6.0
    assert -30 < loudness_db(samples) < -10
    assert max(map(abs, samples)) <= 1


def test_slower_is_longer_and_louder_is_louder(espeak: str) -> None:
    lengths = [len(spoken(espeak, pace=pace)[0]) for pace in range(len(PACES))]
    levels = [loudness_db(spoken(espeak, volume=volume)[0]) for volume in range(len(VOLUMES))]
    assert lengths == sorted(lengths)
    assert lengths[-1] > 1.3 * lengths[0]
    assert all(louder - softer > 2 for softer, louder in itertools.pairwise(levels))


@pytest.mark.parametrize("language", languages())
def test_every_language_has_a_voice(espeak: str, language: str) -> None:
    samples, rate = spoken(espeak, "PIN 1234", language)
    assert len(samples) / rate > 0.8


def test_a_tone_has_its_pitch_and_ends_softly() -> None:
    for pitch_hz in TONES_HZ.values():
        samples, rate = samples_of(tone_wav(pitch_hz, 100))
        crossings = sum(a < 0 <= b for a, b in itertools.pairwise(samples))
        assert crossings / (len(samples) / rate) == pytest.approx(pitch_hz, rel=0.05)
        assert abs(samples[-1]) < 0.01


def script(path: Path, lines: str) -> str:
    """Make a program of the shell's *lines*."""
    path.write_text("#!/bin/sh\n" + lines)
    path.chmod(0o755)
    return str(path)


def test_text_goes_to_espeak_and_its_sound_to_the_card_that_is_set(tmp_path: Path) -> None:
    speaker = script(tmp_path / "speaker", f'echo "$@" > {tmp_path}/told; cat\n')
    player = script(tmp_path / "player", f'echo "$@" > {tmp_path}/card; cat > {tmp_path}/heard\n')
    voice = Espeak(speaker, player, "plughw:CARD=Jack")
    voice.say("Häuser und Straßen", "de", pace=130, volume=70)
    until(lambda: not voice.busy)
    assert (tmp_path / "heard").read_text() == "Häuser und Straßen"
    assert (tmp_path / "card").read_text() == "-q -D plughw:CARD=Jack -\n"
    assert "-v de -s 130" in (tmp_path / "told").read_text()


def test_stop_kills_what_is_being_said(tmp_path: Path) -> None:
    speaker = script(tmp_path / "speaker", f"echo $$ > {tmp_path}/pid.a; exec sleep 900\n")
    player = script(tmp_path / "player", f"echo $$ > {tmp_path}/pid.b; exec sleep 900\n")
    voice = Espeak(speaker, player)
    voice.say("A long story", "en", pace=165, volume=70)
    pids = tmp_path / "pid.a", tmp_path / "pid.b"
    until(lambda: all(file.exists() and file.read_text().strip() for file in pids))
    running = [Path("/proc") / file.read_text().strip() for file in pids]
    assert voice.busy
    voice.stop()
    assert not voice.busy

    def gone() -> bool:
        voice.stop()  # takes notice of those that have ended
        return not any(process.exists() for process in running)

    until(gone)


def test_a_card_that_is_not_there_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = script(tmp_path / "speaker", "cat\n")
    player = script(tmp_path / "player", "exit 1\n")
    voice = Espeak(speaker, player)
    for _ in range(3):
        voice.say("Ready", "en", pace=165, volume=70)
        until(lambda: not voice.busy)
        voice.tone("key", volume=70)
        until(lambda: not voice.busy)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        f"Speech cannot be heard: {player} ended with 1."
    ]


def test_a_machine_without_espeak_has_no_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_voice() is None
    script(tmp_path / "espeak-ng", "")
    assert find_voice() is None
    script(tmp_path / "aplay", "")
    assert find_voice() is not None
