"""The training loop against a plain loop and hand computations, and its error messages."""

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
from nde.train.optimizer import with_standard_promotion
from tests.train.small import HOLDOUT, ROWS, TARGETS, Line, assert_same, loss, metric, train


def test_it_agrees_with_a_plain_optax_loop():
    model, loader = Line(), ArrayLoader((ROWS, TARGETS), 8, seed=3)
    optimizer = with_standard_promotion(optax.adam(0.05))
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    state, values = optimizer.init(weights), []
    for _ in range(30):
        batch = next(loader)
        value, gradient = jax.value_and_grad(lambda w: metric(eqx.combine(w, rest), batch, None))(weights)  # noqa: B023
        updates, state = optimizer.update(gradient, state)
        weights = optax.apply_updates(weights, updates)
        values.append(float(value))
    found = train(loss=metric)
    np.testing.assert_allclose(found.history.loss, values, rtol=1e-5)
    np.testing.assert_allclose(found.model.slope, weights.slope, rtol=1e-5)
    assert found.reason == "all 30 steps completed"
    assert (found.steps, found.best_step, found.skipped) == (30, 30, 0)


def test_the_result_is_reproducible_and_arguments_are_not_changed():
    loader, model = ArrayLoader((ROWS, TARGETS), 8, seed=3), Line()
    assert_same(*[train(data=loader, model=model, loss=loss) for _ in range(2)])
    assert loader.state["position"] == 0
    np.testing.assert_array_equal(model.slope, np.zeros(3))


def test_the_default_optimizer_learns_and_its_learning_rate_is_recorded():
    found = train(optimizer=None, steps=200, loss=metric)
    rate = found.history.rate
    assert np.argmax(rate) in {4, 5}
    assert rate[0] < rate.max() == pytest.approx(1e-3)
    assert rate[-1] == pytest.approx(1e-5, rel=0.1)
    assert found.history.loss[-20:].mean() < found.history.loss[:20].mean()


def test_steps_are_compiled_once_for_each_shape():
    shapes = []

    def counting(model, batch, key):
        shapes.append(batch[1].shape)
        return loss(model, batch, key)

    train(loss=counting, optimizer=None, average=0.9, steps=12)
    assert shapes == [(8,)]
    shapes.clear()
    train(loss=counting, data=ArrayLoader((ROWS, TARGETS), 10, drop_last=False), steps=12)
    assert shapes == [(10,), (4,)]


def test_the_exponential_moving_average_is_unbiased():
    """One weight that moves by 1 a step: its average after n steps is known."""
    found = fit(
        jnp.zeros(()), lambda w, x, key: -w, jnp.ones(1), optax.sgd(1.0), steps=4, key=jax.random.key(0), average=0.5
    )
    powers = 0.5 ** np.arange(3, -1, -1)
    assert float(found.model) == pytest.approx(float(powers @ [1.0, 2.0, 3.0, 4.0] / powers.sum()), rel=1e-6)


def test_steps_with_non_finite_gradients_are_skipped():
    spoilt = ROWS.copy()
    spoilt[5] = np.nan
    batches = ArrayLoader((spoilt, TARGETS), 8, shuffle=False, drop_last=True)
    assert np.isnan(next(batches)[0]).any()
    later = ArrayLoader((np.roll(spoilt, 8, axis=0), TARGETS), 8, shuffle=False)
    found = train(data=later, steps=9)
    assert found.skipped == 3
    assert np.isnan(found.history.loss[1::3]).all()
    assert np.isfinite(np.delete(found.history.loss, [1, 4, 7])).all()
    assert np.isfinite(found.model.slope).all()


def test_a_non_finite_gradient_at_the_first_step_is_an_error():
    with pytest.raises(TrainingError, match="At the first step, the loss is nan"):
        train(data=(np.full_like(ROWS, np.nan), TARGETS))
    with pytest.raises(TrainingError, match="the gradient is not finite"):
        train(loss=lambda model, batch, key: jnp.sqrt(jnp.sum(model.slope**2)))


def test_too_many_consecutive_non_finite_gradients_are_an_error():
    with pytest.raises(TrainingError, match="20 steps in a row, up to step 22"):
        train(loss=lambda model, batch, key: jnp.log(1.0 - jnp.sum(model.offset)), optimizer=optax.sgd(0.9), steps=99)


def test_the_best_weights_on_the_validation_data_are_returned():
    """Gradient descent passes the optimum of the validation metric: the best weights are those of the nearest step."""
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
    ragged = ArrayLoader(HOLDOUT, 4, shuffle=False, drop_last=False)
    one, other = train(validation=ragged, metric=metric), train(validation=HOLDOUT, metric=metric)
    np.testing.assert_allclose(one.history.validation, other.history.validation, rtol=1e-5)
    assert one.best_step == other.best_step
    assert np.isfinite(one.history.validation).sum() == 10


def test_metrics_that_the_loss_returns_are_in_the_history():
    def with_metric(model, batch, key):
        value = loss(model, batch, key)
        return value, {"root": jnp.sqrt(value)}

    found = train(loss=with_metric, steps=5)
    np.testing.assert_allclose(found.history.metrics["root"] ** 2, found.history.loss, rtol=1e-5)


def test_progress_is_called_after_every_step_in_order():
    calls = []
    found = train(progress=lambda done, steps, value: calls.append((done, steps, value)))
    assert [each[:2] for each in calls] == [(i, 30) for i in range(1, 31)]
    np.testing.assert_array_equal([each[2] for each in calls], found.history.loss)


def test_the_progress_bar_shows_loss_validation_and_learning_rate(capsys: pytest.CaptureFixture):
    found = train(progress=True, optimizer=adam(steps=30), validation=HOLDOUT)
    output = " ".join(capsys.readouterr().err.split())
    assert f"loss {found.history.loss[-1]:.4g}" in output
    assert "validation" in output
    assert f"rate {found.history.rate[-1]:.2g}" in output


def test_the_log_starts_with_settings_followed_by_steps(tmp_path):
    file = tmp_path / "runs" / "log.jsonl"
    found = train(log=file, log_every=10, validation=HOLDOUT, validate_every=15)
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

    seen = train(loss=lambda m, b, key: (loss(m, b, key), {"rows": b[1].shape[0] * 1.0}), curriculum=Rows(), steps=6)
    np.testing.assert_array_equal(seen.history.metrics["rows"], [4, 4, 4, 8, 8, 8])


def test_an_optimizer_may_hold_a_key():
    noisy = optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(0)), optax.sgd(0.01))
    assert_same(train(optimizer=noisy, steps=4), train(optimizer=noisy, steps=4))


def test_naming_the_default_device_changes_nothing():
    one = train(validation=HOLDOUT, average=0.9, devices=jax.devices()[:1])
    assert_same(one, train(validation=HOLDOUT, average=0.9))


def test_an_interrupt_ends_training_between_two_steps():
    def interrupting(done, steps, value):
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="no checkpoint was saved"):
        train(progress=interrupting, steps=500)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"steps": 0}, ValueError, "steps must be at least 1; got 0"),
        ({"validate_every": 0, "validation": HOLDOUT}, ValueError, "validate_every must be at least 1; got 0"),
        ({"patience": 0, "validation": HOLDOUT}, ValueError, "patience must be at least 1; got 0"),
        ({"average": 1.0}, ValueError, "average must be a decay between 0 and 1, such as 0.99; got 1.0"),
        ({"patience": 3}, ValueError, "`patience` needs validation data"),
        ({"metric": metric}, ValueError, "`metric` needs validation data"),
        ({"validate_every": 3}, ValueError, "`validate_every` needs validation data"),
        ({"data": ()}, ValueError, "The data must contain at least one array"),
        ({"data": np.zeros((0, 3))}, ValueError, "The data must contain at least one array"),
        ({"data": [1.0, 2.0]}, ValueError, "a leaf of type float"),
        ({"validation": ()}, ValueError, "The validation data must contain at least one array"),
        ({"loss": lambda m, b, key: b[1]}, TypeError, r"got an array of shape \(8,\)"),
        ({"loss": lambda m, b, key: None}, TypeError, "must return a real scalar.*type NoneType"),
        ({"loss": lambda m, b, key: (loss(m, b, key), 3)}, TypeError, "a dictionary of real scalars"),
        (
            {"metric": lambda m, b, key: b[1], "validation": HOLDOUT},
            TypeError,
            r"metric must return a real scalar.*got an array of shape \(10,\)",
        ),
        ({"devices": []}, ValueError, "devices must not be empty"),
        ({"curriculum": LengthCurriculum()}, TypeError, "`LengthCurriculum` can only cut"),
        ({"model": Line(name="x").steps}, ValueError, "at least one floating-point array"),
    ],
)
def test_misuse_raises_an_error_that_explains_it(changes, error, words):
    with pytest.raises(error, match=words):
        train(**changes)


class Growth(eqx.Module):
    rate: jax.Array
    steps: nde.StepTo

    def __call__(self):
        term = nde.ODETerm(lambda t, y, args: self.rate * y)
        sol = nde.diffeqsolve(term, nde.Midpoint(), 0.0, 1.0, None, 1.0, stepsize_controller=self.steps, throw=False)
        return sol.ys[0]


def test_the_times_of_a_step_size_controller_are_not_trained():
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
