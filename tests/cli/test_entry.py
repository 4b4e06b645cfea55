"""The command starts without its packages, and says what to install."""

import runpy
import sys

import pytest

from nde.cli import app, entry


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of a command."""
    monkeypatch.setattr(sys, "argv", ["nde", *arguments])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    return ended.value.code


@pytest.mark.parametrize("arguments", [(), ("--help",), ("fit", "-h")])
def test_help_without_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments):
    monkeypatch.setitem(sys.modules, "typer", None)
    assert status(monkeypatch, *arguments) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Usage: nde")
    assert 'The command line of nde needs typer; install it with: pip install "nde[learn]"' in out
    assert not err


def test_a_command_without_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setitem(sys.modules, "optax", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert status(monkeypatch, "fit", "file.csv") == 2
    out, err = capsys.readouterr()
    assert not out
    assert err == (
        'nde: The command line of nde needs optax and scikit-learn; install them with: pip install "nde[learn]"\n'
    )


def test_it_is_a_module_to_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["nde", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("nde", run_name="__main__")
    assert ended.value.code == 0
    assert "predict" in capsys.readouterr().out


def test_with_its_packages_it_is_the_command_line(monkeypatch: pytest.MonkeyPatch):
    def main():
        sys.exit(42)

    monkeypatch.setattr(app, "main", main)
    assert status(monkeypatch, "fit") == 42
