"""Eight devices, and two processes, reach what one device does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from nde.train.devices import Placement
from tests.train import on_devices

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def one():
    """What one device finds."""
    return on_devices.found()


def started(*arguments, devices=1):
    """Another process that takes the processor for so many devices."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    command = [sys.executable, "-m", on_devices.__name__, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)


def assert_close(found, one):
    """To the rounding of sums in another order."""
    for name in ("weights", "loss", "validation"):
        np.testing.assert_allclose(found[name], one[name], rtol=2e-5, atol=1e-6)


def ended(*processes):
    """What they say and how they end."""
    said = [process.communicate()[1].decode() for process in processes]
    return [(process.returncode, text[-2000:]) for process, text in zip(processes, said, strict=True)]


def test_eight_devices_reach_what_one_reaches_and_go_on_bit_by_bit(one, tmp_path):
    assert ended(started(tmp_path / "all.npz", devices=8)) == [(0, "")]
    eight = dict(np.load(tmp_path / "all.npz"))
    assert eight["devices"] == 8
    assert_close(eight, one)
    ((code, text),) = ended(started(tmp_path / "resumed.npz", tmp_path / "run", 10, devices=8))
    assert code == 1
    assert "InterruptedError" in text
    assert os.listdir(tmp_path / "run")
    assert ended(started(tmp_path / "resumed.npz", tmp_path / "run", 99, devices=8)) == [(0, "")]
    for name, values in np.load(tmp_path / "resumed.npz").items():
        np.testing.assert_array_equal(values, eight[name])


def test_two_processes_reach_what_one_reaches_and_find_it_again(one, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        where = f"localhost:{free.getsockname()[1]}"
    for _ in range(2):
        pair = [started(tmp_path / f"{number}.npz", where, number, 2, tmp_path / "run", 99) for number in (0, 1)]
        assert [code for code, _ in ended(*pair)] == [0, 0]
        for number in (0, 1):
            found = dict(np.load(tmp_path / f"{number}.npz"))
            assert found["devices"] == 2
            assert_close(found, one)
    assert sorted(os.listdir(tmp_path / "run")) == ["16", "20"]


def test_rows_that_devices_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="batches of 7 rows for 2 devices"):
        Placement([jax.devices()[0]] * 2, np.zeros((7, 2)))
    with pytest.raises(ValueError, match="share no leading axis"):
        Placement([jax.devices()[0]] * 2, (np.zeros(6), np.zeros(4)))
