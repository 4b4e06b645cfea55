"""The code of every page runs, and so do the commands of the pages about the command line."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.examples import ROOT, Example, page_examples

PAGES = page_examples()
LONG = ("latent.md", "flows.md", "gan.md")
"""Pages that train for most of a minute."""


@pytest.mark.parametrize(
    "example",
    [pytest.param(e, marks=pytest.mark.slow if e.file.name in LONG else ()) for e in PAGES],
    ids=lambda e: e.name,
)
def test_page(example: Example):
    example.run()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fit-csv.md", "fit-panel.md", "fit-rows.md", "fit-sde.md", "generate.md"])
def test_the_commands_of_the_pages_about_the_command_line_run(name: str, tmp_path: Path):
    page = ROOT / "docs" / "how-to" / name
    next(example for example in PAGES if example.file == page).run()
    commands = re.findall(r"^nde (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {command.split()[0] for command in commands} >= {"fit", "sample" if name == "generate.md" else "predict"}
    for command in commands:
        subprocess.run([Path(sys.executable).with_name("nde"), *shlex.split(command)], cwd=tmp_path, check=True)
