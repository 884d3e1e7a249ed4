"""The auditor's page: what stands on top, what is explained, and what it does not claim."""

import html
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from face_auth.datasets.folders import REPOSITORY
from face_auth.evaluation import charts, report
from face_auth.evaluation.glossary import TERMS, explained
from face_auth.evaluation.material import Image
from face_auth.evaluation.protocols.closed_set import Answers, _confusion_chart
from face_auth.evaluation.result import Mistake, Section, Table, one_in
from tests.face_auth.evaluation.drawn import photographs


@pytest.fixture
def page(run, people, tmp_path) -> str:
    assert run("--report", str(tmp_path / "report")) == 0
    return (tmp_path / "report" / "report.html").read_text("utf-8")


def test_the_page_says_on_top_when_where_and_by_what_it_was_made(page: str) -> None:
    top = page[: page.index("In short")]
    facts = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", top))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", facts["date"])
    head = subprocess.run(
        ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout
    assert head[:12] in facts["program"]
    assert "cores" in facts["machine"] and "Python" in facts["machine"]
    assert "bundled" in facts["network"]
    assert facts["threshold"].startswith("0.5000") and "1&nbsp;in&nbsp;1,000" in facts["threshold"]


def test_the_page_sums_up_in_at_most_five_lines(page: str) -> None:
    short = page[page.index("In short") : page.index("</ol>")]
    assert 3 <= short.count("<li>") <= 5
    for anchor in re.findall('href="#(.*?)"', short):
        assert f'<section id="{anchor}">' in page


def test_every_abbreviation_is_explained_where_it_stands_and_at_the_end(page: str) -> None:
    assert set(TERMS) >= {"EER", "TAR", "FMR", "FNMR", "APCER", "BPCER"}
    body, glossary = html.unescape(page).split('<section id="glossary"')
    for term, meaning in TERMS.items():
        assert f"<dt>{term}</dt><dd>{meaning}</dd>" in glossary
    shown = re.sub("<(abbr|img|style).*?</?(abbr|style)?>", "", body, flags=re.DOTALL)
    for term in ("EER", "TAR", "FMR", "FNMR"):
        assert f'title="{TERMS[term]}">{term}</abbr>' in body
    assert not re.search(r"\b(EER|FNMR|TAR)\b(?!</abbr>)", shown)


def test_what_is_explained_is_escaped() -> None:
    meaning = escape(TERMS["FNMR"])
    assert explained("<b>FNMR</b> & 1 in 20") == (
        f'&lt;b&gt;<abbr title="{meaning}">FNMR</abbr>&lt;/b&gt; &amp; 1&nbsp;in&nbsp;20'
    )
    assert explained("AFMRX") == "AFMRX"


@pytest.mark.parametrize(
    ("rate", "says"),
    [(0, "0"), (0.5, "50.00 %"), (0.1, "10.00 %"), (0.01, "1 in 100"), (1e-5, "1 in 100,000"),
     (1.5e-4, "1 in 6,700"), (0.026, "1 in 38")],
)  # fmt: skip
def test_a_rate_is_a_percentage_or_one_in_so_many(rate: float, says: str) -> None:
    assert one_in(rate) == says


def test_no_rate_is_claimed_that_the_pairs_do_not_support(run, people, tmp_path, capsys) -> None:
    assert run("--report", str(tmp_path / "report")) == 0  # eight people: 56 pairs
    out = capsys.readouterr().out
    assert "56 pairs of a customer and a stranger support no FMR" in out
    assert "too few to tell how often one is named" in out
    for section in ("Verification", "Open set", "Two factors"):
        own = out[out.index(section) :].split("\n\n")[0]
        assert not re.search(r"1 in 1,?0000?\b|100\.00 % at", own), own
    assert not (tmp_path / "report" / "det.png").exists()


def test_the_rates_that_the_pairs_support_are_claimed_and_no_others(run, tmp_path, capsys) -> None:
    pool = photographs(tmp_path / "pool", 40, 7)  # 1,560 pairs
    arguments = ("--protocol", "verification", "--photographs", str(pool))
    assert run(*arguments, "--report", str(tmp_path / "report")) == 0
    out = capsys.readouterr().out
    headline = out[out.index("[verification]") :].splitlines()[2]
    assert re.fullmatch(r"Genuine attempts that match: [\d.]+ % at FMR 1 in 100\.", headline)
    assert "left out: 1,560 pairs of 10,000" in out
    assert (tmp_path / "report" / "det.png").exists()


def test_pictures_that_were_wrong_are_shown_only_on_request_and_outside_the_program(
    run, people, fake, tmp_path, capsys
) -> None:
    fake.spread = 6.0  # so that some are wrong
    assert run("--report", str(tmp_path / "plain")) == 0
    assert "image/jpeg" not in (tmp_path / "plain" / "report.html").read_text("utf-8")
    assert run("--report", str(tmp_path / "shown"), "--show-mistakes") == 0
    page = (tmp_path / "shown" / "report.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") >= 1
    assert "people's faces" in page
    capsys.readouterr()
    inside = REPOSITORY / "report" / "never"
    assert run("--report", str(inside), "--show-mistakes") == 2
    assert "outside" in capsys.readouterr().err
    assert not inside.exists()
    assert run("--show-mistakes") == 2


def test_a_picture_that_cannot_be_read_is_no_error_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"no picture")
    mistake = Mistake(tmp_path / "x.jpg", "ada", "bob <b>")
    section = Section("one", "One: two", "three", {}, mistakes=[mistake])
    report.write(tmp_path / "r", {"seed": 1}, [section], show_mistakes=True)
    page = (tmp_path / "r" / "report.html").read_text("utf-8")
    assert "cannot be read" in page and "said: bob &lt;b&gt;" in page


def test_an_empty_table_is_not_shown() -> None:
    section = Section("one", "One", "two", {}, tables=[Table("Empty", ("a", "b"), [])])
    assert "Empty" not in report.as_text({}, [section])
    assert "Empty" not in report.page({}, [section], {}, {})


def test_the_chart_of_confusions_names_the_people_and_counts(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    def image(person: str) -> Image:
        return Image(person, tmp_path / "x", "x", "plain")

    named = ["bo_b", "bo_b", "ada", ""]
    answers = Answers(
        [image("ada"), image("ada"), image("ada"), image("cyd")],
        np.array([1, 1, 0, 3]), named, np.zeros(4, np.uint8), ("ada", "bo_b", "cyd"),
    )  # fmt: skip
    figure = Figure()
    _confusion_chart(answers).draw(figure)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["ada", "bo b"]
    assert [text.get_text() for text in axes.texts] == ["2"]
    figure = Figure()
    charts.confusion({})(figure)
    assert "No image" in figure.axes[0].texts[0].get_text()
