"""The page of a report."""

import base64
import html
import math
import re
from pathlib import Path

import nde
from nde.cli.report import (
    Bullets,
    Code,
    Grid,
    Paragraph,
    Picture,
    Report,
    Section,
    Subheading,
    number,
    percent,
    reference_section,
    render,
)

EVIL = "<script>alert('&')</script> \"x\""


def page(tmp_path: Path, *blocks) -> str:
    return render(Report(EVIL, EVIL, [Section(EVIL, blocks)], EVIL), tmp_path)


def test_every_text_is_escaped(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"picture")
    grid = Grid([EVIL, "x"], [[EVIL, EVIL]], best=EVIL)
    blocks = (Paragraph(EVIL), Paragraph(EVIL, faint=True), Subheading(EVIL), Bullets([EVIL]), Code(EVIL), grid)
    text = page(tmp_path, *blocks, Picture("a.png", EVIL))
    assert "<script" not in text
    # Title twice, summary, heading, footer; one in each of five blocks, three in the grid, one in the picture.
    assert html.unescape(text).count(EVIL) == 5 + 5 + 3 + 1
    assert base64.b64decode(re.findall('base64,([^"]+)"', text)[0]) == b"picture"


def test_the_best_row_is_marked(tmp_path: Path):
    text = page(tmp_path, Grid(["", "rmse", "about"], [["a", "1", "A"], ["b", "2", "B"]], best="b", text_columns=(2,)))
    assert re.findall('<tr class="best"><td>(.)</td>', text) == ["b"]
    assert re.findall('<td class="text">(.)</td>', text) == ["A", "B"]


def test_no_row_is_marked_if_none_is_best(tmp_path: Path):
    assert 'class="best"' not in page(tmp_path, Grid(["", "rmse"], [["", "1"]]))


def test_a_report_cites_the_works_behind_the_methods_of_its_run():
    section = reference_section(nde.Tsit5())
    (bullets,) = section.blocks
    assert section.heading == "References"
    assert any("10.1016/j.camwa.2011.06.002" in line for line in bullets.items)
    assert not any("10.1016/j.camwa.2011.06.002" in line for line in reference_section(nde.Euler()).blocks[0].items)


def test_numbers_that_are_not_finite_are_no_numbers():
    assert [number(value) for value in (1 / 3, None, math.nan, math.inf, -math.inf)] == [
        "0.333",
        "",
        "",
        "not finite",
        "not finite",
    ]
    assert [percent(share) for share in (0.5, math.nan)] == ["50%", ""]
