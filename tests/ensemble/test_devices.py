"""Eight devices give what one gives: paths to the bit, moments to rounding."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.ensemble import on_devices

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What another process finds that takes the processor for eight devices."""
    file = tmp_path_factory.mktemp("devices") / "found.npz"
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    subprocess.run([sys.executable, "-m", on_devices.__name__, str(file)], cwd=ROOT, env=environment, check=True)
    return dict(np.load(file))


def test_several_devices_give_what_one_gives(eight: dict[str, np.ndarray]) -> None:
    one = on_devices.found(on_devices.jax.devices()[:1])
    assert eight["count"] == 8
    assert np.unique(one["paths"][:, -1]).size > 0.99 * on_devices.PATHS
    for devices in ("all", "three"):
        np.testing.assert_array_equal(eight[f"{devices} paths"], one["paths"])
        for name in ("quantiles", "minimum", "maximum"):
            np.testing.assert_array_equal(eight[f"{devices} {name}"], one[name])
        for name in ("mean", "variance"):
            np.testing.assert_allclose(eight[f"{devices} {name}"], one[name], rtol=1e-6, atol=1e-12)


def test_every_device_runs_its_part(eight: dict[str, np.ndarray]) -> None:
    """The parts of the first chunk, in the order of devices, are the first paths."""
    run = eight["run"]
    assert run.shape[0] == 8
    assert np.all(run[:, :, 0] == 1)
    paths = run.reshape(-1, run.shape[-1])
    np.testing.assert_array_equal(paths, eight["all paths"][: len(paths)])
