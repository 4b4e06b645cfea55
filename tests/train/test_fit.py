"""The training loop: against a plain loop, by hand, and misused."""

import json
import signal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nde
from nde.data import ArrayLoader
from nde.train import LengthCurriculum, TrainingError, adam, fit
from nde.train.promotion import promoting
from tests.train.small import HELD, ROWS, TARGETS, Line, assert_same, loss, metric, trained


def test_it_does_what_a_plain_loop_of_optax_does():
    model, optimizer, loader = Line(), promoting(optax.adam(0.05)), ArrayLoader((ROWS, TARGETS), 8, seed=3)
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    state, values = optimizer.init(weights), []
    for _ in range(30):
        batch = next(loader)
        value, slope = jax.value_and_grad(lambda w: metric(eqx.combine(w, rest), batch, None))(weights)  # noqa: B023
        updates, state = optimizer.update(slope, state)
        weights = optax.apply_updates(weights, updates)
        values.append(float(value))
    found = trained(loss=metric)
    np.testing.assert_allclose(found.history.loss, values, rtol=1e-5)
    np.testing.assert_allclose(found.model.slope, weights.slope, rtol=1e-5)
    assert found.reason == "all 30 steps were made"
    assert (found.steps, found.best_step, found.skipped) == (30, 30, 0)


def test_the_same_arguments_give_the_same_and_are_left_as_they_were():
    loader, model = ArrayLoader((ROWS, TARGETS), 8, seed=3), Line()
    assert_same(*[trained(data=loader, model=model, loss=loss) for _ in range(2)])
    assert loader.state["position"] == 0
    np.testing.assert_array_equal(model.slope, np.zeros(3))


def test_the_default_optimizer_learns_and_its_rate_is_told():
    found = trained(optimizer=None, steps=200, loss=metric)
    rate = found.history.rate
    assert np.argmax(rate) in {4, 5}
    assert rate[0] < rate.max() == pytest.approx(1e-3)
    assert rate[-1] == pytest.approx(1e-5, rel=0.1)
    assert found.history.loss[-20:].mean() < found.history.loss[:20].mean()


def test_steps_are_compiled_once_for_each_shape():
    traced = []

    def counting(model, batch, key):
        traced.append(batch[1].shape)
        return loss(model, batch, key)

    trained(loss=counting, optimizer=None, average=0.9, steps=12)
    assert traced == [(8,)]
    traced.clear()
    trained(loss=counting, data=ArrayLoader((ROWS, TARGETS), 10, drop_last=False), steps=12)
    assert traced == [(10,), (4,)]


def test_the_average_is_that_of_the_weights_without_bias():
    """One weight that moves by 1 a step: its average after n steps is known."""
    found = fit(
        jnp.zeros(()), lambda w, x, key: -w, jnp.ones(1), optax.sgd(1.0), steps=4, key=jax.random.key(0), average=0.5
    )
    powers = 0.5 ** np.arange(3, -1, -1)
    assert float(found.model) == pytest.approx(float(powers @ [1.0, 2.0, 3.0, 4.0] / powers.sum()), rel=1e-6)


def test_gradients_that_are_not_finite_are_passed_over():
    spoilt = ROWS.copy()
    spoilt[5] = np.nan
    batches = ArrayLoader((spoilt, TARGETS), 8, shuffle=False, drop_last=True)
    assert np.isnan(next(batches)[0]).any()
    later = ArrayLoader((np.roll(spoilt, 8, axis=0), TARGETS), 8, shuffle=False)
    found = trained(data=later, steps=9)
    assert found.skipped == 3
    assert np.isnan(found.history.loss[1::3]).all()
    assert np.isfinite(np.delete(found.history.loss, [1, 4, 7])).all()
    assert np.isfinite(found.model.slope).all()


def test_a_first_step_without_a_gradient_is_an_error():
    with pytest.raises(TrainingError, match="At the first step the loss is nan"):
        trained(data=(np.full_like(ROWS, np.nan), TARGETS))
    with pytest.raises(TrainingError, match="the gradient is not finite"):
        trained(loss=lambda model, batch, key: jnp.sqrt(jnp.sum(model.slope**2)))


def test_too_many_steps_in_a_row_without_a_gradient_are_an_error():
    with pytest.raises(TrainingError, match="20 steps in a row, up to step 22"):
        trained(loss=lambda model, batch, key: jnp.log(1.0 - jnp.sum(model.offset)), optimizer=optax.sgd(0.9), steps=99)


def test_the_best_weights_on_the_validation_data_come_back():
    """Descent passes by the place that validation wants: the best is the step next to it."""
    found = fit(
        jnp.zeros(()),
        lambda w, x, key: -w,
        jnp.ones(1),
        optax.sgd(1.0),
        steps=20,
        key=jax.random.key(0),
        validation=jnp.asarray([6.2]),
        metric=lambda w, x, key: jnp.mean((w - x) ** 2),
        validate_every=2,
        patience=3,
    )
    assert float(found.model) == found.best_step == 6
    assert found.steps == 12
    assert found.reason == "no improvement in 3 validations since step 6"
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(found.history.validation)), [1, 3, 5, 7, 9, 11])
    np.testing.assert_allclose(found.history.validation[5], 0.04, rtol=1e-4)


def test_validation_is_the_mean_over_all_rows():
    ragged = ArrayLoader(HELD, 4, shuffle=False, drop_last=False)
    one, other = trained(validation=ragged, metric=metric), trained(validation=HELD, metric=metric)
    np.testing.assert_allclose(one.history.validation, other.history.validation, rtol=1e-5)
    assert one.best_step == other.best_step
    assert np.isfinite(one.history.validation).sum() == 10


def test_metrics_that_the_loss_tells_are_in_the_history():
    def told(model, batch, key):
        value = loss(model, batch, key)
        return value, {"root": jnp.sqrt(value)}

    found = trained(loss=told, steps=5)
    np.testing.assert_allclose(found.history.metrics["root"] ** 2, found.history.loss, rtol=1e-5)


def test_progress_is_told_of_every_step_in_order():
    told = []
    found = trained(progress=lambda done, steps, value: told.append((done, steps, value)))
    assert [each[:2] for each in told] == [(i, 30) for i in range(1, 31)]
    np.testing.assert_array_equal([each[2] for each in told], found.history.loss)


def test_the_bar_shows_loss_validation_and_rate(capsys: pytest.CaptureFixture):
    found = trained(progress=True, optimizer=adam(steps=30), validation=HELD)
    shown = " ".join(capsys.readouterr().err.split())
    assert f"loss {found.history.loss[-1]:.4g}" in shown
    assert "validation" in shown
    assert f"rate {found.history.rate[-1]:.2g}" in shown


def test_the_log_has_settings_and_then_steps(tmp_path):
    file = tmp_path / "runs" / "log.jsonl"
    found = trained(log=file, log_every=10, validation=HELD, validate_every=15)
    first, *lines = map(json.loads, file.read_text().splitlines())
    assert first["versions"]["jax"] == jax.__version__
    assert (first["steps"], first["validate_every"], first["average"]) == (30, 15, None)
    assert [line["step"] for line in lines] == [1, 10, 15, 20, 30]
    np.testing.assert_array_equal([line["loss"] for line in lines], found.history.loss[[0, 9, 14, 19, 29]])
    assert lines[2]["validation"] == found.history.validation[14]
    assert lines[0]["rate"] is None


def test_a_curriculum_shows_more_and_more_of_a_batch():
    class Rows:
        def share(self, done, steps):
            return 0.5 if done < 3 else 1.0

        def cut(self, batch, share):
            return jax.tree.map(lambda x: x[: int(share * len(x))], batch)

    seen = trained(loss=lambda m, b, key: (loss(m, b, key), {"rows": b[1].shape[0] * 1.0}), curriculum=Rows(), steps=6)
    np.testing.assert_array_equal(seen.history.metrics["rows"], [4, 4, 4, 8, 8, 8])


def test_an_optimizer_may_hold_a_key():
    noisy = optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.sgd(0.01))
    assert_same(trained(optimizer=noisy, steps=4), trained(optimizer=noisy, steps=4))


def test_devices_that_are_named_change_nothing():
    one = trained(validation=HELD, average=0.9, devices=jax.devices()[:1])
    assert_same(one, trained(validation=HELD, average=0.9))


def test_an_interrupt_ends_it_between_two_steps():
    def interrupting(done, steps, value):
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="nothing is kept"):
        trained(progress=interrupting, steps=500)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"steps": 0}, ValueError, "steps=0; at least 1"),
        ({"validate_every": 0, "validation": HELD}, ValueError, "validate_every=0"),
        ({"patience": 0, "validation": HELD}, ValueError, "patience=0"),
        ({"average": 1.0}, ValueError, "average=1.0; a decay between 0 and 1"),
        ({"patience": 3}, ValueError, "`patience` without validation data"),
        ({"metric": metric}, ValueError, "`metric` without validation data"),
        ({"validate_every": 3}, ValueError, "`validate_every` without validation data"),
        ({"data": ()}, ValueError, "Got data without numbers"),
        ({"data": np.zeros((0, 3))}, ValueError, "Got data without numbers"),
        ({"data": [1.0, 2.0]}, ValueError, "a leaf of the type float"),
        ({"validation": ()}, ValueError, "Got validation data without numbers"),
        ({"loss": lambda m, b, key: b[1]}, TypeError, r"array of the shape \(8,\)"),
        ({"loss": lambda m, b, key: None}, TypeError, "NoneType; one real number|type NoneType"),
        ({"loss": lambda m, b, key: (loss(m, b, key), 3)}, TypeError, "a dictionary of scalars"),
        (
            {"metric": lambda m, b, key: b[1], "validation": HELD},
            TypeError,
            r"metric gave an array of the shape \(10,\)",
        ),
        ({"devices": []}, ValueError, "Got no devices"),
        ({"curriculum": LengthCurriculum()}, TypeError, "a length curriculum cuts"),
        ({"model": Line(name="x").steps}, ValueError, "Got a model without floating-point arrays"),
    ],
)
def test_misuse_is_refused_in_words(changes, error, words):
    with pytest.raises(error, match=words):
        trained(**changes)


class Growth(eqx.Module):
    rate: jax.Array
    steps: nde.StepTo

    def __call__(self):
        term = nde.ODETerm(lambda t, y, args: self.rate * y)
        sol = nde.diffeqsolve(term, nde.Midpoint(), 0.0, 1.0, None, 1.0, stepsize_controller=self.steps, throw=False)
        return sol.ys[0]


def test_the_times_of_steps_are_settings_and_stay():
    model = Growth(jnp.array(0.2), nde.StepTo(jnp.array([0.0, 0.3, 1.0])))
    found = fit(
        model,
        lambda m, batch, key: (m() - batch) ** 2,
        jnp.array([2.0])[0],
        steps=60,
        key=jax.random.key(0),
        optimizer=optax.adam(0.05),
        progress=False,
    )
    np.testing.assert_allclose(found.model(), 2.0, atol=0.05)
    np.testing.assert_array_equal(found.model.steps.ts, model.steps.ts)
