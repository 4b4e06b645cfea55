"""A training that was stopped ends as one that was not, bit by bit."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from nde.data import ArrayLoader
from nde.train import LengthCurriculum, adam
from tests.train import killed
from tests.train.small import HELD, ROWS, TARGETS, Line, assert_same, loss, trained

ROOT = Path(__file__).parents[2]
SETTINGS = {"loss": loss, "validation": HELD, "validate_every": 4, "average": 0.9, "checkpoint_steps": 6}


def stopping(at):
    """A progress that ends the training at a step."""

    def progress(done, steps, value):
        if done == at:
            raise InterruptedError

    return progress


def test_a_stopped_training_goes_on_bit_by_bit_and_its_log_with_it(tmp_path):
    folder, log = tmp_path / "run", tmp_path / "log.jsonl"
    for at in (8, 9, 25):
        with pytest.raises(InterruptedError):
            trained(**SETTINGS, checkpoint=folder, log=log, progress=stopping(at))
    assert sorted(p.name for p in folder.iterdir()) == ["18", "24"]
    resumed = trained(**SETTINGS, checkpoint=folder, log=log)
    unbroken = trained(**SETTINGS)
    assert_same(resumed, unbroken)
    _, *lines = map(json.loads, log.read_text().splitlines())
    assert [line["step"] for line in lines] == list(range(1, 31))
    np.testing.assert_array_equal([line["loss"] for line in lines], unbroken.history.loss)
    assert sorted(line["seconds"] for line in lines) == [line["seconds"] for line in lines]

    def never(model, batch, key):
        raise AssertionError

    assert_same(trained(**{**SETTINGS, "loss": never, "metric": never}, checkpoint=folder), unbroken)


def test_more_steps_go_on_from_the_end(tmp_path):
    trained(steps=10, checkpoint=tmp_path / "run")
    more = trained(steps=20, checkpoint=tmp_path / "run")
    assert_same(more, trained(steps=20))


def test_patience_goes_on_where_it_was(tmp_path):
    """The best is soon found; a resumed training waits no longer than an unbroken one."""
    settings = {**SETTINGS, "metric": lambda m, b, key: jnp.sum(m.slope**2), "patience": 3, "checkpoint_steps": 3}
    with pytest.raises(InterruptedError):
        trained(**settings, checkpoint=tmp_path / "run", progress=stopping(13))
    resumed = trained(**settings, checkpoint=tmp_path / "run")
    assert resumed.reason == "no improvement in 3 validations since step 4"
    assert_same(resumed, trained(**settings))
    assert_same(resumed, trained(**settings, checkpoint=tmp_path / "run"))


def test_checkpoints_by_the_clock(tmp_path):
    def slow(done, steps, value):
        if done in {10, 20}:
            time.sleep(0.6)
        if done == 25:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        trained(checkpoint=tmp_path / "run", checkpoint_every=0.5, progress=slow)
    assert list((tmp_path / "run").iterdir())
    assert_same(trained(checkpoint=tmp_path / "run"), trained())


def test_models_with_empty_arrays_and_optimizers_with_keys_are_kept(tmp_path):
    model = eqx.tree_at(lambda m: m.steps, Line(), {"none": jnp.zeros((0, 3)), "more": jnp.ones(2, jnp.bfloat16)})
    noisy = optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.sgd(0.01))
    settings = {"model": model, "optimizer": noisy}
    with pytest.raises(InterruptedError):
        trained(**settings, checkpoint=tmp_path / "run", checkpoint_steps=2, progress=stopping(3))
    assert_same(trained(**settings, checkpoint=tmp_path / "run"), trained(**settings))


def test_an_interrupt_saves_and_says_how_to_go_on(tmp_path):
    def interrupting(done, steps, value):
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt, match=r"To go on from '.*run', call `fit` as before"):
        trained(checkpoint=tmp_path / "run", progress=interrupting)
    (kept,) = (tmp_path / "run").iterdir()
    assert 5 <= int(kept.name) < 30
    assert_same(trained(checkpoint=tmp_path / "run"), trained())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with the end of a training."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    trained(**SETTINGS, checkpoint=folder)
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": Line(4)}, r"weights .slope there: float32\[3\], here: float32\[4\]"),
        ({"model": Line(name="other")}, "what is not learned in the model"),
        ({"optimizer": optax.sgd(0.05)}, "state of the optimizer"),
        ({"optimizer": optax.adam(0.06)}, "the optimizer's arithmetic"),
        ({"optimizer": adam(steps=30)}, "state of the optimizer"),
        ({"key": jax.random.key(1)}, r"key there: \[0, 0\], here: \[0, 1\]"),
        ({"average": 0.8}, "settings average there: 0.9, here: 0.8"),
        ({"average": None}, "settings average there: 0.9, here: None"),
        ({"validate_every": 5}, "settings validate_every there: 4, here: 5"),
        ({"patience": 5}, "settings patience there: None, here: 5"),
        ({"curriculum": LengthCurriculum()}, "settings"),
        ({"data": ArrayLoader((ROWS, TARGETS), 8, seed=4)}, "the first batch"),
        ({"data": ArrayLoader((ROWS + 1, TARGETS), 8, seed=3)}, "the first batch"),
        ({"steps": 20}, "30 steps already, more than the 20"),
    ],
)
def test_the_checkpoint_of_another_training_is_refused_in_words(finished, changes, words):
    with pytest.raises(ValueError, match=words):
        trained(**{**SETTINGS, **changes}, checkpoint=finished)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match="which is a file; a folder is wanted"):
        trained(checkpoint=tmp_path / "run")


@pytest.mark.slow
def test_a_training_that_is_killed_again_and_again_ends_as_one_that_was_not(tmp_path):
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
    unbroken = killed.arrays(killed.found(None, None, pause=0.0))
    for name, values in np.load(file).items():
        np.testing.assert_array_equal(values, unbroken[name])
    lines = [json.loads(line) for line in Path(f"{folder}.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines[1:]] == list(range(1, killed.STEPS + 1))


def _wait(process, happened):
    while process.poll() is None and not happened():
        time.sleep(0.0005)
