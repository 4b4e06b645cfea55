"""What every example of the documentation finds."""

from pathlib import Path

import jax
import pytest


@pytest.fixture(autouse=True)
def _clean_ground(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A folder of its own, no window, and JAX's precision put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    x64 = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", x64)
