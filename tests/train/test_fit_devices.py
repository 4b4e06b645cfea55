"""Eight devices, and two processes, agree with a single device."""

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
    """The result of one device."""
    return on_devices.run()


def start(*arguments, devices=1):
    """Start another process that treats the CPU as several devices."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    command = [sys.executable, "-m", on_devices.__name__, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)


def assert_close(found, one):
    """Assert agreement up to the order of summation."""
    for name in ("weights", "loss", "validation"):
        np.testing.assert_allclose(found[name], one[name], rtol=2e-5, atol=1e-6)


def wait_for(*processes):
    """Return the exit code and the error output of each process."""
    errors = [process.communicate()[1].decode() for process in processes]
    return [(process.returncode, text[-2000:]) for process, text in zip(processes, errors, strict=True)]


def test_eight_devices_agree_with_one_and_resume_bit_for_bit(one, tmp_path):
    assert wait_for(start(tmp_path / "all.npz", devices=8)) == [(0, "")]
    eight = dict(np.load(tmp_path / "all.npz"))
    assert eight["devices"] == 8
    assert_close(eight, one)
    ((code, text),) = wait_for(start(tmp_path / "resumed.npz", tmp_path / "run", 10, devices=8))
    assert code == 1
    assert "InterruptedError" in text
    assert os.listdir(tmp_path / "run")
    assert wait_for(start(tmp_path / "resumed.npz", tmp_path / "run", 99, devices=8)) == [(0, "")]
    for name, values in np.load(tmp_path / "resumed.npz").items():
        np.testing.assert_array_equal(values, eight[name])


def test_two_processes_agree_with_one_and_find_their_result_again(one, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        where = f"localhost:{free.getsockname()[1]}"
    for _ in range(2):
        pair = [start(tmp_path / f"{number}.npz", where, number, 2, tmp_path / "run", 99) for number in (0, 1)]
        assert [code for code, _ in wait_for(*pair)] == [0, 0]
        for number in (0, 1):
            found = dict(np.load(tmp_path / f"{number}.npz"))
            assert found["devices"] == 2
            assert_close(found, one)
    assert sorted(os.listdir(tmp_path / "run")) == ["16", "20"]


def test_rows_that_devices_cannot_share_evenly_are_rejected():
    with pytest.raises(ValueError, match="2 devices cannot share batches of 7 rows evenly"):
        Placement([jax.devices()[0]] * 2, np.zeros((7, 2)))
    with pytest.raises(ValueError, match="share no leading axis"):
        Placement([jax.devices()[0]] * 2, (np.zeros(6), np.zeros(4)))
