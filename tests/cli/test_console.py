"""Tables on a terminal of 80 columns."""

import pytest
from rich.console import Console

from nde.cli import console
from nde.cli.report import Grid

NAME = "trained on generated, error ratio for absolute increments"
NUMBERS = ["0.00123", "0.555", "1.23e-05", "4.56e-05"]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(console, "_CONSOLE", Console(highlight=False, width=80))


def test_names_wrap_and_numbers_keep_their_digits(capsys: pytest.CaptureFixture[str]):
    console.show(Grid(["", "sde-gan", "random walk", "real, train", "best"], [[NAME, *NUMBERS]]))
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert all(number in printed for number in NUMBERS)
    assert all(word in printed for word in NAME.split())
    assert max(map(len, printed.splitlines())) <= 80


def test_scores_of_stochastic_equations_fit(capsys: pytest.CaptureFixture[str]):
    heads = ["one row ahead, fitted", "one row ahead, held out", "fan, held out"]
    header = ["", "score, fitted", "score, held out", "AIC", *(f"coverage (%), {head}" for head in heads)]
    console.show(Grid(header, [["sde-geometric", "-1.234", "-1.222", "12345.6", *["53 / 89"] * 3]]))
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in ("sde-geometric", "-1.222", "12345.6", "53 / 89"))
    assert max(map(len, printed.splitlines())) <= 80


def test_short_names_stay_on_a_line(capsys: pytest.CaptureFixture[str]):
    heads = [f"{name}, {part}" for part in ("fitted", "held out") for name in ("hare", "lynx", "all")]
    console.show(Grid(["", *heads], [["neural-trajectory", "1.65", "1.8", "1.73", "8.55", "3.75", "6.6"]]))
    printed = capsys.readouterr().out
    assert "neural-trajectory" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_columns_of_text_wrap(capsys: pytest.CaptureFixture[str]):
    meaning = "the long-term mean of a quantity, in the units of this quantity, and more words than a line has"
    console.show(Grid(["parameter", "value", "meaning"], [["mean", "1.234", meaning]], text_columns=(2,)))
    printed = capsys.readouterr().out
    assert "1.234" in printed
    assert all(word in printed for word in meaning.split())


def test_the_time_left_follows_the_last_steps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Compiling takes 60 s before the first step, a step one second."""
    now = 0.0
    monkeypatch.setattr(console, "_CONSOLE", Console(highlight=False, width=80, get_time=lambda: now))
    for steps, left in ((1, ""), (2, "02:58 left"), (180, "")):
        with console.progress_bar("neural-trajectory", 180) as update:
            now += 60.0
            for done in range(steps):
                now += 1.0
                update(done + 1, 180, -0.00001234)
        (line,) = capsys.readouterr().out.splitlines()
        assert ("left" in line) == bool(left)
        assert left in line
        assert "loss -1.234e-05" in line
