"""What every example of the documentation finds."""

from pathlib import Path

import jax
import pytest


@pytest.fixture(autouse=True)
def _clean_ground(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A folder of its own, no window, JAX's own leniency, and its precision put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    x64 = jax.config.jax_enable_x64
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield
    jax.config.update("jax_enable_x64", x64)
