"""A run that was stopped and resumed ends like one that was not, bit for bit."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nde.data import ArrayLoader
from nde.train import LengthCurriculum, adam
from nde.train.log import Log
from tests.train import killed
from tests.train.small import HOLDOUT, ROWS, TARGETS, Line, assert_same, loss, train

ROOT = Path(__file__).parents[2]
SETTINGS = {"loss": loss, "validation": HOLDOUT, "validate_every": 4, "average": 0.9, "checkpoint_steps": 6}


def stopping(at):
    """Return a progress callback that stops training at a step."""

    def progress(done, steps, value):
        if done == at:
            raise InterruptedError

    return progress


def test_a_stopped_run_resumes_bit_for_bit_and_continues_its_log(tmp_path):
    folder, log = tmp_path / "run", tmp_path / "log.jsonl"
    for at in (8, 9, 25):
        with pytest.raises(InterruptedError):
            train(**SETTINGS, checkpoint=folder, log=log, progress=stopping(at))
    assert sorted(p.name for p in folder.iterdir()) == ["18", "24"]
    resumed = train(**SETTINGS, checkpoint=folder, log=log)
    unbroken = train(**SETTINGS)
    assert_same(resumed, unbroken)
    _, *lines = map(json.loads, log.read_text().splitlines())
    assert [line["step"] for line in lines] == list(range(1, 31))
    np.testing.assert_array_equal([line["loss"] for line in lines], unbroken.history.loss)
    assert sorted(line["seconds"] for line in lines) == [line["seconds"] for line in lines]

    def never(model, batch, key):
        raise AssertionError

    assert_same(train(**{**SETTINGS, "loss": never, "metric": never}, checkpoint=folder), unbroken)


class Disk:
    """A disk that is full for the first checkpoints."""

    def __init__(self, full: int) -> None:
        self.left = full

    def usage(self, folder: Path) -> types.SimpleNamespace:
        assert folder.is_dir()
        self.left -= 1
        return types.SimpleNamespace(free=1000 if self.left >= 0 else 10**9)


def test_training_survives_a_full_disk_and_its_later_checkpoints_are_complete(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    monkeypatch.setattr("nde.train.checkpoint.shutil.disk_usage", Disk(full=2).usage)
    with pytest.warns(RuntimeWarning, match="No space left on device; there is none yet") as caught:
        found = train(**SETTINGS, checkpoint=folder)
    assert len(caught) == 2
    assert_same(found, train(**SETTINGS))
    assert sorted(p.name for p in folder.iterdir()) == ["24", "30"]
    assert_same(train(**SETTINGS, checkpoint=folder), found)


@pytest.mark.parametrize("method", ["save", "close"])
def test_training_survives_a_disk_that_fills_up_while_it_is_written(method, tmp_path, monkeypatch):
    import orbax.checkpoint as orbax

    real, full = getattr(orbax.CheckpointManager, method), iter([True])

    def fail_once(*args, **kwargs):
        real(*args, **kwargs)
        if next(full, False):
            raise ValueError("RESOURCE_EXHAUSTED: Error writing: No space left on device [os_error_code='28']")

    monkeypatch.setattr(orbax.CheckpointManager, method, fail_once)
    with pytest.warns(RuntimeWarning, match=r"could not be written to '.*run': No space left on device; "):
        found = train(**SETTINGS, checkpoint=tmp_path / "run")
    assert_same(found, train(**SETTINGS))


def test_other_errors_of_checkpoints_are_raised(tmp_path, monkeypatch):
    import orbax.checkpoint as orbax

    def fail(*_, **__):
        raise ValueError("wrong tree")

    monkeypatch.setattr(orbax.CheckpointManager, "save", fail)
    with pytest.raises(ValueError, match="wrong tree"):
        train(**SETTINGS, checkpoint=tmp_path / "run")


def test_training_survives_a_log_that_cannot_be_written(tmp_path, monkeypatch):
    real = Log._write_line

    def fail_later(self, line):
        if '"step": 9,' in line:
            self._file.close()
            self._file = open("/dev/full", "a", buffering=1)  # noqa: SIM115 (the log closes it)
        real(self, line)

    monkeypatch.setattr(Log, "_write_line", fail_later)
    with pytest.warns(RuntimeWarning, match="could not be written: No space left on device") as caught:
        found = train(**SETTINGS, log=tmp_path / "log.jsonl")
    assert len(caught) == 1
    assert_same(found, train(**SETTINGS))
    _, *lines = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert [line["step"] for line in lines] == list(range(1, 9))


def test_a_finished_run_resumes_with_more_steps(tmp_path):
    train(steps=10, checkpoint=tmp_path / "run")
    more = train(steps=20, checkpoint=tmp_path / "run")
    assert_same(more, train(steps=20))


def test_patience_is_restored(tmp_path):
    """The best step comes early; a resumed run waits no longer than an unbroken one."""
    settings = {**SETTINGS, "metric": lambda m, b, key: jnp.sum(m.slope**2), "patience": 3, "checkpoint_steps": 3}
    with pytest.raises(InterruptedError):
        train(**settings, checkpoint=tmp_path / "run", progress=stopping(13))
    resumed = train(**settings, checkpoint=tmp_path / "run")
    assert resumed.reason == "no improvement in 3 validations since step 4"
    assert_same(resumed, train(**settings))
    assert_same(resumed, train(**settings, checkpoint=tmp_path / "run"))


def test_checkpoints_are_saved_at_time_intervals(tmp_path):
    def slow(done, steps, value):
        if done in {10, 20}:
            time.sleep(0.6)
        if done == 25:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(checkpoint=tmp_path / "run", checkpoint_every=0.5, progress=slow)
    assert list((tmp_path / "run").iterdir())
    assert_same(train(checkpoint=tmp_path / "run"), train())


def test_models_with_empty_arrays_and_optimizers_with_keys_are_saved(tmp_path):
    model = eqx.tree_at(lambda m: m.steps, Line(), {"none": jnp.zeros((0, 3)), "more": jnp.ones(2, jnp.bfloat16)})
    noisy = optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.sgd(0.01))
    settings = {"model": model, "optimizer": noisy}
    with pytest.raises(InterruptedError):
        train(**settings, checkpoint=tmp_path / "run", checkpoint_steps=2, progress=stopping(3))
    assert_same(train(**settings, checkpoint=tmp_path / "run"), train(**settings))


def test_an_interrupt_saves_a_checkpoint_and_explains_how_to_resume(tmp_path):
    def interrupting(done, steps, value):
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=r"To resume from '.*run', call `fit` as before"):
        train(checkpoint=tmp_path / "run", progress=interrupting)
    (saved,) = (tmp_path / "run").iterdir()
    assert 5 <= int(saved.name) < 30
    assert_same(train(checkpoint=tmp_path / "run"), train())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with the checkpoints of a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(**SETTINGS, checkpoint=folder)
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": Line(4)}, r"weights .slope is float32\[3\] in the checkpoint, but float32\[4\] in this run"),
        ({"model": Line(name="other")}, "what is not learned in the model"),
        ({"optimizer": optax.sgd(0.05)}, "state of the optimizer"),
        ({"optimizer": optax.adam(0.06)}, "the optimizer's arithmetic"),
        ({"optimizer": adam(steps=30)}, "state of the optimizer"),
        ({"key": jax.random.key(1)}, r"key is \[0, 0\] in the checkpoint, but \[0, 1\] in this run"),
        ({"average": 0.8}, "settings average is 0.9 in the checkpoint, but 0.8 in this run"),
        ({"average": None}, "settings average is 0.9 in the checkpoint, but None in this run"),
        ({"validate_every": 5}, "settings validate_every is 4 in the checkpoint, but 5 in this run"),
        ({"patience": 5}, "settings patience is None in the checkpoint, but 5 in this run"),
        ({"curriculum": LengthCurriculum()}, "settings"),
        ({"data": ArrayLoader((ROWS, TARGETS), 8, seed=4)}, "the first batch"),
        ({"data": ArrayLoader((ROWS + 1, TARGETS), 8, seed=3)}, "the first batch"),
        ({"steps": 20}, "already has 30 steps, more than steps=20"),
    ],
)
def test_the_checkpoint_of_a_different_run_is_rejected(finished, changes, words):
    with pytest.raises(ValueError, match=words):
        train(**{**SETTINGS, **changes}, checkpoint=finished)


def test_a_file_is_rejected(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match=r"checkpoint must be a folder.*got the file"):
        train(checkpoint=tmp_path / "run")


@pytest.mark.slow
def test_a_run_that_is_killed_repeatedly_ends_like_an_unbroken_one(tmp_path):
    """Every other time it is killed while a checkpoint is being written."""
    folder, file = tmp_path / "run", tmp_path / "found.npz"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    chance, kills, torn = random.Random(0), 0, 0
    while not file.exists():
        process = subprocess.Popen(
            [sys.executable, "-m", killed.__name__, str(folder), str(file)], cwd=ROOT, env=environment
        )
        before = set(os.listdir(folder)) if folder.exists() else set()
        if kills < 6:
            _wait(process, lambda: folder.exists() and set(os.listdir(folder)) - before)  # noqa: B023
            if kills % 2:
                _wait(process, lambda: any(not (folder / n).name.isdigit() for n in os.listdir(folder)))
            else:
                time.sleep(chance.uniform(0.0, 0.3))
            torn += any(not name.isdigit() for name in os.listdir(folder))
            kills += process.poll() is None
            process.kill()
        assert process.wait() in {0, -signal.SIGKILL}
    assert kills >= 3
    assert torn >= 1
    unbroken = killed.arrays(killed.run(None, None, pause=0.0))
    for name, values in np.load(file).items():
        np.testing.assert_array_equal(values, unbroken[name])
    lines = [json.loads(line) for line in Path(f"{folder}.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines[1:]] == list(range(1, killed.STEPS + 1))


def _wait(process, happened):
    while process.poll() is None and not happened():
        time.sleep(0.0005)
