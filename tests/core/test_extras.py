"""What is missing says which extra installs it, and what is there opens at first use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nde
from nde.core.extras import COMMAND_LINE, ROOMS, advice, missing, require
from nde.core.lazy import lazy_attributes

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
EVERY = sorted({*COMMAND_LINE, "pyarrow", "tqdm"})
BLOCKED = """
import importlib, sys
rooms, optional = {rooms!r}, {optional!r}
import nde
eager = [m for m in sys.modules if m.startswith(tuple(f"nde.{{room}}" for room in rooms)) or m in optional]
assert not eager, f"`import nde` imported {{eager}}"
for room, needed in rooms.items():
    sys.modules.update({{name: None for name in optional if name not in needed}})
    importlib.import_module(f"nde.{{room}}")
    print(room)
    for name in [m for m in sys.modules if m in optional and sys.modules[m] is None]:
        del sys.modules[name]
"""
"""Opens each room without the packages that it does not need, those of few packages first."""


def run(*command: str) -> str:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True
    ).stdout


def test_the_bare_base_solves_and_says_what_is_missing():
    block = f"import runpy, sys; sys.modules.update(dict.fromkeys({EVERY}))"
    assert "Usage: nde" in run("-c", f"{block}; runpy.run_path('tests/bare_base.py', run_name='__main__')")


def test_rooms_need_what_the_table_says_and_import_nde_opens_none():
    rooms = dict(sorted(ROOMS.items(), key=lambda room: len(room[1])))
    assert run("-c", BLOCKED.format(rooms=rooms, optional=EVERY)).split() == list(rooms)


@pytest.mark.parametrize(("room", "module"), [(room, module) for room, needed in ROOMS.items() for module in needed])
def test_each_package_of_the_table_is_needed(room: str, module: str):
    """It is imported by a module of the room, or of a room that this one imports."""
    imported = {room}
    while True:
        texts = [
            path.read_text(encoding="utf-8") for each in imported for path in (ROOT / "src/nde" / each).rglob("*.py")
        ]
        lines = [line for text in texts for line in text.splitlines()]
        more = {
            each for each in ROOMS if any(line.startswith((f"from nde.{each} ", f"from nde.{each}.")) for line in lines)
        }
        if more <= imported:
            break
        imported |= more
    starts = (f"import {module}", f"from {module} ", f"from {module}.")
    assert any(line.startswith(starts) for line in lines)


def test_the_message_names_packages_as_pip_knows_them():
    assert advice("nde.plot", ["sklearn"]) == 'nde.plot needs scikit-learn; install it with: pip install "nde[learn]"'
    assert advice("nde", ["a", "b", "orbax"]) == (
        'nde needs a, b and orbax-checkpoint; install them with: pip install "nde[learn]"'
    )
    assert advice("A meter", ["tqdm"]).endswith('pip install "nde[tqdm]"')


def test_what_is_missing_is_found_and_raises(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    assert missing("optax", "jax") == ["optax"]
    with pytest.raises(ModuleNotFoundError, match=r"nde\.train needs optax; .*nde\[learn\]") as raised:
        require("nde.train", "jax", "optax")
    assert raised.value.name == "optax"


def test_rooms_and_names_that_open_later_are_attributes():
    assert {*ROOMS, "TimeSeries", "Tsit5"} <= {*dir(nde)}
    assert nde.models.NeuralODE.__module__ == "nde.models.neural_ode"
    assert nde.TimeSeries is nde.data.panel.TimeSeries
    with pytest.raises(AttributeError, match="module 'nde' has no attribute 'Tsit6'"):
        nde.Tsit6  # noqa: B018


def test_dir_lists_what_is_public_and_nothing_else():
    listed = {name for name in dir(nde) if not name.startswith("__")}
    assert listed == {*nde.__all__, *nde.signatures.__all__, *ROOMS}
    assert "__version__" in dir(nde)
    assert all(hasattr(nde, name) for name in dir(nde))


def test_dir_leaves_out_rooms_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch):
    _, listed = lazy_attributes("nde.signatures", {"later": "nde.data"})
    assert {"estimators", "plot", "later"} <= {*listed()}
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert {"plot"} == {*ROOMS} - {*listed()}
