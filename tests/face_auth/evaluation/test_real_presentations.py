"""Real presentations in the protocol for attacks: manifest, rates, what each cue tells, codecs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from face_auth.camera.demo.face import DemoFace
from face_auth.evaluation.command import main
from face_auth.evaluation.material import InputError
from face_auth.evaluation.protocols.pad.codec import codec_of
from face_auth.evaluation.protocols.pad.manifest import Presentation, read_manifest
from face_auth.evaluation.protocols.pad.presented import Judged
from face_auth.evaluation.protocols.pad.real import area, cue_values, first_refusals, rates
from face_auth.evaluation.protocols.two_factor import PinRules
from face_auth.liveness.passive import FLAT, NETWORK
from face_auth.types import LivenessResult

HEADER = "file,kind,collection,label,species,person,whole,source\n"


def presentation(species: str = "bona fide", person: str = "p", *, clip: bool = True):
    return Presentation(Path("x"), clip, "c", species, person, True)


def result(passed: bool, *reasons: str, **measured: float) -> LivenessResult:
    return LivenessResult(passed, 1.0 if passed else -1.0, reasons, measured=measured)


def test_a_manifest_is_read_with_its_further_columns_passed_over(tmp_path) -> None:
    lines = (
        "a/1.webp,picture,webcam,real,,ada,whole,x",
        "b.mp4,clip,phones,spoof,phone,bob,crop,y",
    )
    (tmp_path / "manifest.csv").write_text(HEADER + "\n".join(lines), encoding="utf-8-sig")
    one, other = read_manifest(tmp_path)
    assert one == Presentation(tmp_path / "a" / "1.webp", False, "webcam", "bona fide", "ada", True)
    assert other == Presentation(tmp_path / "b.mp4", True, "phones", "phone", "bob", False)
    assert (one.bona_fide, other.bona_fide) == (True, False)


@pytest.mark.parametrize(
    "line",
    [
        "a.png,film,c,real,,p,whole,",
        "a.png,picture,c,genuine,,p,whole,",
        "a.png,picture,c,spoof,,p,whole,",  # of what species?
        "a.png,picture,c,real,,,whole,",
        "a.png,picture,c,real,,p,half,",
        "a.png,picture",
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line) -> None:
    (tmp_path / "manifest.csv").write_text(f"{HEADER}ok.png,picture,c,real,,p,whole,\n{line}\n")
    with pytest.raises(InputError, match="Line 3 "):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", [None, "", HEADER])
def test_a_folder_without_a_manifest_is_refused(tmp_path, text) -> None:
    if text is not None:
        (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(InputError, match=r"manifest\.csv"):
        read_manifest(tmp_path)


def test_rates_are_of_attempts_that_were_judged() -> None:
    yes, no = result(True), result(False, "moire")
    judged = [
        Judged(presentation(), [yes, yes, no, None]),
        Judged(presentation("phone"), [no, no, None]),
        Judged(presentation("phone"), [yes]),
    ]
    found = rates(judged)
    assert found["bona fide"] | {"interval": None} == {
        "attempts": 4, "usable": 3, "passed": 2, "BPCER": 1 / 3, "interval": None,
    }  # fmt: skip
    assert found["attacks"] | {"interval": None} == {
        "attempts": 4, "usable": 3, "passed": 1, "APCER": 1 / 3, "interval": None,
    }  # fmt: skip
    low, high = found["attacks"]["interval"]
    assert low < 1 / 3 < high
    nobody = rates([Judged(presentation("phone"), [None])])
    assert (nobody["attacks"]["usable"], nobody["attacks"]["APCER"]) == (0, None)


def test_the_cue_that_spoke_first_is_counted_once_for_each_refusal() -> None:
    judged = [
        Judged(presentation("phone"), [result(False, "moire", FLAT), result(False, FLAT)]),
        Judged(presentation("phone"), [result(True, "moire"), result(False), None]),
        Judged(presentation(), [result(False, "moire")]),
    ]
    assert first_refusals(judged) == {
        "attacks": {"moire": 1, FLAT: 1, "the score": 1},
        "bona fide": {"moire": 1},
    }


def test_a_cue_that_tells_all_apart_has_an_area_of_one_and_one_of_chance_a_half() -> None:
    judged = [
        Judged(presentation("phone", f"p{n}", clip=False), measured={"moire": 1.0, NETWORK: 3.0})
        for n in range(3)
    ] + [
        Judged(presentation(person=f"p{n}", clip=False), measured={"moire": 1.0, NETWORK: 5.0})
        for n in range(3)
    ]
    found = cue_values(judged)["c, pictures"]
    assert found[NETWORK]["AUC"] == 1.0  # the network's score is higher for people
    assert found[NETWORK]["APCER at BPCER 5 %"] == 0.0
    assert found["moire"]["AUC"] == 0.5
    assert found["moire"]["APCER at BPCER 5 %"] == 1.0
    assert found["moire"]["bona fide"] == found["moire"]["attacks"] == 3


def test_the_area_counts_equal_scores_half_and_obeys_the_weights() -> None:
    score, real = np.array([1.0, 2.0, 2.0]), np.array([True, True, False])
    assert area(score, real, np.ones(3)) == 0.75
    assert area(score, real, np.array([3.0, 1.0, 1.0])) == 0.875


def test_a_codec_is_told_with_its_bits(tmp_path) -> None:
    picture = np.full((40, 50), 128, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    found = codec_of(tmp_path / "a.png", clip=False)
    assert (found.name, found.quality) == ("png", "")
    assert found.bits_per_pixel == 8 * (tmp_path / "a.png").stat().st_size / 2000
    video = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(4):
        video.write(np.zeros((48, 64, 3), np.uint8))
    video.release()
    clip = codec_of(tmp_path / "a.avi", clip=True)
    assert clip.name == "mjpg"
    assert clip.bits_per_pixel == 8 * (tmp_path / "a.avi").stat().st_size / (4 * 48 * 64)
    (tmp_path / "b.mp4").write_bytes(b"no video")
    for path, is_clip in ((tmp_path / "b.mp4", True), (tmp_path / "b.mp4", False)):
        with pytest.raises(OSError, match="not a readable"):
            codec_of(path, clip=is_clip)


def test_the_command_reports_a_folder_of_presentations_alone(tmp_path, capsys) -> None:
    person = DemoFace(0)
    cv2.imwrite(str(tmp_path / "a.png"), person.draw(1.0)[..., ::-1])
    video = cv2.VideoWriter(
        str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (640, 480)
    )
    for number in range(20):
        video.write(np.ascontiguousarray(person.draw(number / 10)[..., ::-1]))
    video.release()
    (tmp_path / "manifest.csv").write_text(
        HEADER + "a.png,picture,drawn,real,,p,whole,\na.avi,clip,drawn,real,,p,whole,\n"
    )
    people = tmp_path / "people" / "ada"
    people.mkdir(parents=True)
    cv2.imwrite(str(people / "ada_0001.jpg"), person.draw(1.0)[..., ::-1])
    options = [
        "--protocol", "pad", "--photographs", str(people.parent), "--attacks", str(tmp_path),
        "--sequences", "0", "--visits", "0", "--json", "--cache", str(tmp_path / "cache"),
    ]  # fmt: skip
    assert main(PinRules(4, 9000, 3), options) == 0
    values = json.loads(capsys.readouterr().out)["protocols"]["pad"]
    assert "simulated" not in values
    assert values["real"]["all"]["bona fide"]["attempts"] == 1
    assert values["real"]["all"]["bona fide"]["passed"] == 1
    assert values["real"]["all"]["attacks"]["usable"] == 0
    (tmp_path / "manifest.csv").write_text(HEADER + "b.png,picture,drawn,real,,p,whole,\n")
    assert main(PinRules(4, 9000, 3), options) == 1
    assert "b.png" in capsys.readouterr().err
