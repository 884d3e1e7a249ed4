"""Tests of the benchmark: its arithmetic, and a tiny run that measures everything."""

import contextlib
import dataclasses
import json
import multiprocessing
import subprocess
import sys
import threading
from argparse import Namespace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import frames, limits, parity, rivals, stages, table
from benchmarks.parts import Parts
from benchmarks.results import Crowd, Growth, Report, Row, Target, Timing
from benchmarks.screen import ScreenError, first_painted
from face_auth.errors import ModelError
from face_auth.models import read_listed
from face_auth.recognition.detection import Face


def test_timing_takes_the_middle_and_the_95th_percentile() -> None:
    timing = Timing.of([*range(1, 101), 1000.0])
    assert (timing.median_ms, timing.p95_ms, timing.runs) == (51, 96, 101)


@pytest.mark.parametrize("samples", [[], [1.0, -0.1], [float("nan")], [float("inf")]])
def test_timing_of_nothing_or_nonsense_is_refused(samples: list[float]) -> None:
    with pytest.raises(ValueError, match="samples"):
        Timing.of(samples)


def test_ratios_say_how_much_longer_theirs_takes_and_how_far_ours_is_from_the_limit() -> None:
    row = Row("detect", Timing(5.0, 6.0, 9), default_ms=100.0, quick_ms=40.0, limit_ms=2.0)
    assert (row.versus_default, row.versus_quick, row.versus_limit) == (20, 8, 2.5)
    assert table.cells(row) == ("detect", "5", "6", "20x", "8x", "2", "2.5x")


def test_what_was_not_measured_has_no_ratio() -> None:
    row = Row("align", Timing(5.0, 6.0, 9))
    assert (row.versus_default, row.versus_quick, row.versus_limit) == (None, None, None)
    assert table.cells(row)[3:] == ("-", "-", "-", "-")


@pytest.mark.parametrize(
    ("value", "kind", "met"),
    [
        (11.0, "most", True),
        (11.1, "most", False),
        (11.0, "least", True),
        (10.9, "least", False),
        (float("nan"), "most", False),
        (float("nan"), "least", False),
    ],
)
def test_target_is_met_on_the_right_side_of_its_bound(value: float, kind: str, met: bool) -> None:
    assert Target("t", value, "ms", 11.0, kind).met is met  # type: ignore[arg-type]


def whole_report() -> Report:
    timing = Timing(1.5, 2.5, 200)
    return Report(
        machine={"processor": "made up", "load before (1 min)": 0.25, "frames": "ten"},
        rows=[Row("detect", timing, 100.0, 40.0, 0.5), Row("align", timing)],
        others={"mtcnn": timing},
        targets=[
            Target("total", 12.0, "ms", 11.0),
            Target("rate", 120.0, "a second", 100, "least"),
        ],
        facts={"faces": 1.0},
        growth=[Growth(10, {"login": timing, "saving": timing}, {"memory, MB": 180.0})],
        crowds=[
            Crowd.of(2, 30.0, 60.0, [0.5] * 6, ["slow", "slow", "no"]),
            Crowd.of(2, 0.0, 2.0, [], []),
        ],
        failed={"mtcnn as it comes": "ValueError: empty"},
        notes=["dlib is not installed."],
    )


def test_json_holds_every_figure_and_what_follows_from_it(tmp_path: Path) -> None:
    report = whole_report()
    report.save(tmp_path / "deep" / "speed.json")
    document = json.loads((tmp_path / "deep" / "speed.json").read_text("utf-8"))
    assert set(document) == {each.name for each in dataclasses.fields(Report)}
    timing = {"median_ms": 1.5, "p95_ms": 2.5, "runs": 200}
    assert document["rows"][0] == {
        "stage": "detect", "timing": timing, "default_ms": 100.0, "quick_ms": 40.0,
        "limit_ms": 0.5, "versus_default": 100 / 1.5, "versus_quick": 40 / 1.5, "versus_limit": 3,
    }  # fmt: skip
    assert [target["met"] for target in document["targets"]] == [False, True]
    assert document["growth"][0]["timings"]["saving"] == timing
    assert [crowd["rate"] for crowd in document["crowds"]] == [0.1, 0]
    assert document["crowds"][0]["errors"] == {"slow": 2, "no": 1}
    assert [crowd["timing"] for crowd in document["crowds"]] == [
        {"median_ms": 500, "p95_ms": 500, "runs": 6}, None,
    ]  # fmt: skip


def test_printed_table_names_every_stage_and_what_missed() -> None:
    lines = table.text(whole_report()).splitlines()
    (detect,) = [line for line in lines if line.startswith("detect ")]
    assert detect.split() == ["detect", "1.5", "2.5", "67x", "27x", "0.5", "3x"]
    assert [line.split()[-1] for line in lines if line.startswith(("total ", "rate "))] == [
        "MISSED",
        "met",
    ]
    assert "Note: dlib is not installed." in lines
    assert "FAILED mtcnn as it comes: ValueError: empty" in lines


def test_markdown_holds_the_same_lines() -> None:
    lines = table.markdown(whole_report()).splitlines()
    assert "- FAILED mtcnn as it comes: ValueError: empty" in lines
    assert "| detect | 1.5 | 2.5 | 67x | 27x | 0.5 | 3x |" in lines
    assert "| total | 12 ms | ≤ 11 ms | MISSED |" in lines
    assert "| customers | login, ms (p95) | saving, ms (p95) | memory, MB |" in lines
    assert "| 10 | 1.5 (2.5) | 1.5 (2.5) | 180 |" in lines
    assert "| 2, every 30 s, for 60 s | 6 | 0.1 | 500 (500) | 3 |" in lines
    assert "| 2, as fast as they can, for 2 s | 0 | 0.0 | - | 0 |" in lines


def test_picture_is_drawn_with_and_without_figures(tmp_path: Path) -> None:
    for name, report in (("whole", whole_report()), ("empty", Report())):
        table.draw(report, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_operations_of_pnet_are_those_counted_by_hand() -> None:
    counted = limits.network_operations(read_listed("mtcnn", "mtcnn_pnet.tflite"), (1, 57, 76, 3))
    products = (
        55 * 74 * 10 * 27  # 3 x 3 over 3 colours
        + 26 * 35 * 16 * 90  # halved, then 3 x 3 over 10
        + 24 * 33 * 32 * 144  # 3 x 3 over 16
        + 24 * 33 * (4 + 2) * 32  # offsets and chances
    )
    assert (counted.floats, counted.int8s) == (2 * products, 0)


def test_limit_is_the_slowest_kind_alone() -> None:
    peak = limits.Peak(float_ops=1e9, int8_ops=4e9, small_bytes=1e9, large_bytes=1e8)
    needs = limits.Operations(floats=1e6, int8s=4e6, small=1e6, large=1e4)
    assert needs.limit_ms(peak) == pytest.approx(2.0)  # 1 ms of floats, then 1 ms of integers
    assert limits.Operations(floats=1e6, large=1e6).limit_ms(peak) == pytest.approx(10.0)


def test_argon2_moves_three_blocks_for_each_and_its_old_content_from_the_second_pass() -> None:
    assert limits.argon2_operations(memory_kib=8, passes=1).large == 8 * 3 * 1024
    assert limits.argon2_operations(memory_kib=8, passes=3).large == 8 * (3 + 4 + 4) * 1024


def picture(value: int) -> np.ndarray:
    return np.full((10, 10), value, np.uint32)


def test_first_paint_is_the_page_and_neither_a_bare_window_nor_its_last_change() -> None:
    page = picture(7)
    page[0, :3] = 1
    half, nearly, later = page.copy(), page.copy(), page.copy()
    half[5:] = 5
    nearly[5, :5] = 5  # its last words come ten milliseconds later
    later[0, 0] = 9  # a clock in the foot
    seen = [(0.0, picture(0)), (0.1, picture(5)), (0.2, half), (0.4, nearly), (0.41, page)]
    assert first_painted([*seen, (2.0, later)]) == 0.41


def test_a_screen_that_stays_bare_was_never_painted() -> None:
    with pytest.raises(ScreenError):
        first_painted([(0.0, picture(0)), (1.0, picture(0))])


def face(x: float, side: float = 200.0, shift: float = 0.0) -> Face:
    points = np.array([[60, 80], [140, 80], [100, 120], [70, 160], [130, 160]], np.float32)
    return Face((x, 50.0, side, side), points + np.float32(x) + np.float32(shift), 0.99)


def test_parity_counts_only_what_is_near_enough() -> None:
    others = [[face(0)], [], [face(20)], [face(0, shift=3.0)], [face(20, shift=-20.0)]]
    found = parity.compare([([face(0)], other) for other in others])
    assert (found.theirs, found.found, found.close, found.met) == (5, 2, 1, False)
    assert found.lowest_overlap == pytest.approx(180 / 220)
    assert found.furthest_px == pytest.approx(20 * 2**0.5, rel=1e-5)


def test_parity_needs_no_small_faces_and_counts_what_only_ours_found() -> None:
    found = parity.compare([([face(0), face(400, 90)], [face(0), face(300)])])
    assert (found.theirs, found.found, found.close, found.ours_alone) == (1, 1, 1, 1)
    assert found.met
    with pytest.raises(ValueError, match="photographs"):
        parity.compare([])


def test_rival_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rivals.NEEDS, "deepface", ("no_such_package",))
    with pytest.raises(rivals.RivalError, match="no_such_package is not installed"):
        rivals.Rival("deepface")


def test_a_part_that_fails_is_a_row_and_the_next_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(part: Report) -> None:
        part.rows.append(Row("before the fault", Timing(1.0, 2.0, 3)))
        raise ValueError("no such\nthing")

    parts = Parts(Report(), tmp_path)
    parts.measure("first", fails, "vggface2")
    parts.measure("second", lambda part: part.notes.append("the second was measured"))
    assert parts.failed
    document = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert document["failed"] == {"first (vggface2)": "ValueError: no such thing"}
    assert document["rows"][0]["stage"] == "before the fault (vggface2)"
    assert document["notes"] == ["the second was measured"]
    printed = capsys.readouterr().out
    assert "FAILED first (vggface2): ValueError: no such thing" in printed.splitlines()
    assert printed.index("no such thing") < printed.index("the second was measured")


def test_each_part_is_printed_and_on_disk_before_the_next_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def second(_: Report) -> None:
        assert "the first" in capsys.readouterr().out
        for name in ("speed.json", "speed.txt", "speed.md"):
            assert "the first" in (tmp_path / name).read_text("utf-8"), name

    parts = Parts(Report(), tmp_path)
    parts.measure("one", lambda part: part.notes.append("the first"))
    parts.measure("two", second)
    assert not parts.failed


def test_a_run_that_is_cut_off_keeps_what_it_has(tmp_path: Path) -> None:
    def cut_off(part: Report) -> None:
        part.notes.append("half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Parts(Report(), tmp_path).measure("one", cut_off)
    document = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert document["notes"] == ["half of it"]
    assert document["failed"] == {"one": "it was cut off"}


def test_a_network_that_is_not_there_is_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name == "vggface2":
            raise ModelError("It was not fetched.")

    monkeypatch.setattr(command.Recogniser, "load", load)
    report = Report()
    assert command._usable(["bundled", "vggface2"], report) == ["bundled"]
    assert report.notes == ["The network vggface2 was not measured: It was not fetched."]


@pytest.mark.parametrize(("network", "bounds"), [("bundled", [16, 10]), ("vggface2", [10, 6])])
def test_targets_of_a_frame_are_ratios_to_the_baseline(network: str, bounds: list[float]) -> None:
    report = Report()
    total = Row("total", Timing(10.0, 11.0, 9), default_ms=150.0, quick_ms=80.0)
    stages._targets(report, network, total)
    assert [target.bound for target in report.targets] == bounds
    assert [target.value for target in report.targets] == [15, 8]
    assert [target.met for target in report.targets] == [network == "vggface2"] * 2


def test_a_ratio_to_what_failed_is_no_target() -> None:
    report = Report()
    stages._targets(report, "bundled", Row("total", Timing(10.0, 11.0, 9), default_ms=200.0))
    assert [target.name for target in report.targets] == [
        "one frame against the baseline's defaults (bundled)"
    ]


def test_instruction_sets_are_read_from_the_flags() -> None:
    assert limits.instruction_sets("fpu sse4_2 avx avx2 avx512_vnni avx512f") == [
        "SSE4.2",
        "AVX2",
        "AVX-512",
        "AVX-512 VNNI",
    ]
    assert limits.instruction_sets("fpu avx") == []


def test_a_work_that_raises_at_the_start_leaves_the_rivals_other_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def raises(frame: np.ndarray) -> int:
        raise ValueError("an empty\nbatch")

    works = {"broken": raises, "whole": lambda frame: 3}
    monkeypatch.setattr(rivals, "_dlib", lambda: lambda: works)
    ours, theirs = multiprocessing.Pipe()
    server = threading.Thread(target=rivals._serve, args=("dlib", theirs))
    server.start()
    kind, start = ours.recv()
    ours.send(("whole", np.zeros((4, 4, 3), np.uint8)))
    answer = ours.recv()
    ours.close()
    server.join()
    assert (kind, start.works) == ("done", ("whole",))
    assert start.failed == {"broken": "ValueError: an empty batch"}
    assert (answer[0], answer[1][1]) == ("done", 3)


class FakeRival:
    """A rival whose works find one face, but for one that ends with an error in its second turn."""

    def __init__(self, error: BaseException) -> None:
        self.start = rivals.Start(1.0, 1.0, 1.0, (rivals.DEFAULT, rivals.QUICK), {"old": "gone"})
        self._error, self._asked = error, 0

    def run(self, work: str, frame: np.ndarray) -> tuple[float, int]:
        self._asked += work == rivals.QUICK
        if (
            work == rivals.QUICK and self._asked > 2 * stages.TURN
        ):  # after the turn that warms up and the first
            raise self._error
        return 100.0, 1


def measured(error: BaseException) -> Report:
    """Return the stages beside a rival that fails so; every work has at least one whole turn."""
    pictures, _ = frames.large_faces(None, 2)
    report, peak = Report(), limits.Peak(1e12, None, 1e10, 1e10)
    rival: Any = FakeRival(error)
    # Nothing is painted: Tk ends a process silently in which TensorFlow has run before.
    no_display = mock.patch.object(stages, "_paint", return_value=False)
    with no_display, contextlib.suppress(KeyboardInterrupt):
        stages.measure(report, pictures, 3 * stages.TURN, peak, rival, [], ["bundled"])
    return report


def test_a_work_that_fails_on_the_way_is_a_row_and_the_others_go_on() -> None:
    report = measured(rivals.RivalError("it ended"))
    assert report.failed == {"old": "gone", rivals.QUICK: "it ended"}
    assert {name: timing.runs for name, timing in report.others.items()} == {
        rivals.DEFAULT: 3 * stages.TURN
    }
    total = report.rows[-1]
    assert (total.stage, total.timing.runs) == (f"{stages.TOTAL} (bundled)", 3 * stages.TURN)


def test_stages_that_are_cut_off_keep_the_turns_that_were_measured() -> None:
    report = measured(KeyboardInterrupt())
    assert {name: timing.runs for name, timing in report.others.items()} == {
        rivals.DEFAULT: 2 * stages.TURN,
        rivals.QUICK: stages.TURN,
    }
    assert report.rows[-1].timing.runs == 2 * stages.TURN


@pytest.mark.xdist_group("tensorflow")
def test_package_finds_the_face_at_100_px_only_with_its_pyramid_mended(shared: Path) -> None:
    from benchmarks.frames import large_faces

    pictures, _ = large_faces(shared / "data" / "lfw", 2)
    with rivals.Rival("obvious") as obvious:
        for work, least, most in (
            (rivals.DEFAULT, 1, 99),
            (rivals.QUICK, 1, 99),
            (rivals.BROKEN, 0, 0),
            (rivals.EMBED, 1, 1),
        ):
            took_ms, found = obvious.run(work, pictures[1])
            assert took_ms > 0
            assert least <= found <= most, work


@pytest.mark.early
@pytest.mark.gui
def test_tiny_run_measures_everything(tmp_path: Path) -> None:
    arguments = "--rounds 2 --logins 1 --starts 1 --seconds 0.5 --growth-runs 1 --customers 3 7"
    arguments += " --evaluated 4"
    out = tmp_path / "out"
    arguments += " --networks bundled"
    assert command.main([*arguments.split(), "--no-rivals", "--out", str(out)]) == 0
    report = json.loads((out / "speed.json").read_text("utf-8"))
    assert {row["stage"] for row in report["rows"]} >= {
        "decode a JPEG",
        "letterbox, detect",
        "align, judge quality",
        "embed (bundled)",
        "score",
        "PIN hash",
        "compose, paint",
        "detect, align, quality, embed, score (bundled)",
        "login: press to decision (bundled)",
        "login in the window: press to decision (bundled)",
        "start: first paint (bundled)",
        "start: ready to authenticate (bundled)",
        "train a template",
    }
    assert report["failed"] == {}
    assert "evaluation: detect, embed" in {target["name"] for target in report["targets"]}
    assert [each["customers"] for each in report["growth"]] == [3, 7]
    assert report["facts"]["templates read by a login, 7 customers"] == 1
    assert report["facts"]["credentials.json read by a login, 7 customers"] == 0
    assert (out / "speed.png").is_file()


def test_kiosk_that_only_logs_in_needs_neither_tensorflow_nor_scikit_learn() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, kiosk.main, kiosk.camera_pane.view as v, atm.machine;"
            "import face_auth.recogniser as r; v.load_tools(); r.Recogniser.load();"
            "print(*sys.modules)",
        ],
        cwd=Path(command.__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "ai_edge_litert" in loaded
    assert not {"tensorflow", "keras", "mtcnn", "sklearn", "scipy", "matplotlib"} & set(loaded)


def test_options_choose_parts_and_the_folder_of_photographs() -> None:
    chosen: Namespace = command._parser().parse_args(["--parts", "login", "--photographs", "x"])
    assert (chosen.parts, chosen.photographs, chosen.command) == (["login"], Path("x"), "all")
    compared = command._parser().parse_args(["parity", "--photographs", "7"])
    assert (compared.command, compared.count, compared.photographs) == ("parity", 7, None)
