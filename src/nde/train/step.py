"""The compiled training step."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PyTree

from nde.core import tree
from nde.core.count import count_if
from nde.train.averaging import Average, update_fraction
from nde.train.curriculum import Curriculum
from nde.train.devices import Placement
from nde.train.optimizer import with_standard_promotion
from nde.train.partition import partition_weights

Loss = Callable[[Any, Any, Any], Any]
"""`loss(model, batch, key)`, the mean over the batch; or a pair of it and a dictionary of scalar metrics."""

_TRAINING, _VALIDATION = 0, 1
"""The two branches of a run's random key."""


class TrainState(eqx.Module):
    """The state of a training run, apart from its data.

    Attributes:
        weights: The trainable weights, with `None` for the rest of the model.
        optimizer: The state of the optimizer.
        average: The average of the weights so far, or `None`.
        step: The number of steps.
        accepted: The number of steps with a finite gradient.
        consecutive: The number of steps without one since the last accepted step.
    """

    weights: PyTree[Any]
    optimizer: PyTree[Any]
    average: PyTree[Any]
    step: Int[Array, ""]
    accepted: Int[Array, ""]
    consecutive: Int[Array, ""]

    @property
    def evaluated(self) -> PyTree[Any]:
        """The weights to validate and return: the average, if there is one."""
        return self.weights if self.average is None else self.average


class StepOutput(eqx.Module):
    """The output of a step.

    Attributes:
        numbers: The loss, the number of skipped steps, that of consecutive ones, and the learning rate, if known.
        metrics: The metrics that the loss returned.
    """

    numbers: Float[Array, " numbers"]
    metrics: dict[str, Array]


class Step:
    """Loss, gradient, optimizer and average as one function, compiled once for each shape of batch.

    Between steps the training state is a list of arrays: passing it to compiled code takes microseconds, however
    deeply the model is nested.
    """

    def __init__(
        self,
        model: Any,
        loss: Loss,
        optimizer: optax.GradientTransformation,
        *,
        average: Average | None,
        curriculum: Curriculum | None,
        key: Any,
        placement: Placement,
    ) -> None:
        self._loss, self._optimizer = loss, with_standard_promotion(optimizer)
        self._average, self._curriculum = average, curriculum
        weights, rest = partition_weights(model)
        weights = jax.tree.map(_strongly_typed, weights)
        if not jax.tree.leaves(weights):
            raise ValueError("model must contain at least one floating-point array to train; got none.")
        frozen, self._static = eqx.partition(rest, eqx.is_array)
        key = key if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)
        self._key_impl = jax.random.key_impl(key)
        self._placement, self._initial_weights = placement, weights
        self._frozen = frozen
        self._constants = placement.replicate((frozen, jax.random.key_data(key)))
        shape = jax.eval_shape(self._init, weights)
        self._structure, self._weights_structure = jax.tree.structure(shape), jax.tree.structure(weights)
        self.shapes = jax.tree.leaves(shape)
        self._compiled = jax.jit(
            self._advance, static_argnames="share", donate_argnums=0, out_shardings=placement.replicated
        )

    def start(self) -> list[Array]:
        """Return the initial training state, in arrays that it does not share with the model."""
        init = jax.jit(self._init, out_shardings=self._placement.replicated)
        return jax.tree.leaves(init(self._placement.replicate(jax.tree.map(jnp.copy, self._initial_weights))))

    def __call__(self, leaves: list[Array], batch: PyTree[Any], share: float | None) -> tuple[list[Array], StepOutput]:
        """Return the next training state and the output of the step. The arrays of the given state are consumed."""
        return self._compiled(leaves, self._constants, self._placement.batch(batch), share=share)

    def evaluated(self, leaves: list[Any]) -> list[Any]:
        """Return the weights to validate and return. The next step consumes them."""
        return jax.tree.leaves(jax.tree.unflatten(self._structure, leaves).evaluated)

    def compile_metric(self, metric: Loss) -> Callable[[list[Array], PyTree[Any], Any], Array]:
        """Return a compiled function that computes a metric from weights, a batch and the number of the batch."""

        def evaluate(weights: list[Array], constants: tuple[PyTree[Any], Array], batch: PyTree[Any], n: Any) -> Array:
            frozen, key = constants
            model = eqx.combine(jax.tree.unflatten(self._weights_structure, weights), frozen, self._static)
            key = jax.random.fold_in(jax.random.fold_in(self._key(key), _VALIDATION), n)
            return value_and_metrics(metric(model, batch, key), "metric")[0]

        compiled = jax.jit(evaluate, out_shardings=self._placement.replicated)
        return lambda weights, batch, number: compiled(weights, self._constants, batch, number)

    def model(self, leaves: list[Array]) -> Any:
        """Return the model with copies of these weights."""
        weights = jax.tree.unflatten(self._weights_structure, self._placement.to_local(copy_arrays(leaves)))
        return eqx.combine(weights, jax.tree.map(jnp.asarray, self._frozen), self._static)

    def _key(self, data: Array) -> Any:
        return jax.random.wrap_key_data(data, impl=self._key_impl)

    def _init(self, weights: PyTree[Any]) -> TrainState:
        return TrainState(
            weights=weights,
            optimizer=jax.tree.map(_strongly_typed, self._optimizer.init(weights)),
            average=None if self._average is None else weights,
            step=jnp.zeros((), jnp.int32),
            accepted=jnp.zeros((), jnp.int32),
            consecutive=jnp.zeros((), jnp.int32),
        )

    def _advance(
        self, leaves: list[Array], constants: tuple[PyTree[Any], Array], batch: PyTree[Any], share: float | None
    ) -> tuple[list[Array], StepOutput]:
        state, (frozen, key) = jax.tree.unflatten(self._structure, leaves), constants
        key = jax.random.fold_in(jax.random.fold_in(self._key(key), _TRAINING), state.step)
        if self._curriculum is not None and share is not None:
            batch = self._curriculum.cut(batch, share)

        def of_weights(weights: PyTree[Any]) -> tuple[Array, dict[str, Array]]:
            model = eqx.combine(weights, frozen, self._static)
            return value_and_metrics(self._loss(model, batch, key), "loss")

        (value, metrics), gradient = jax.value_and_grad(of_weights, has_aux=True)(state.weights)
        after = self._update(state, gradient, jnp.isfinite(value) & tree.all_finite(gradient))
        skipped = after.step - after.accepted
        rate = optax.tree_utils.tree_get(after.optimizer, "learning_rate", None, _is_number)
        values = (value, skipped, after.consecutive, *(() if rate is None else (rate,)))
        numbers = jnp.stack([jnp.asarray(x, jnp.result_type(float)) for x in values])
        arrays = [_cast_like(new, old) for new, old in zip(jax.tree.leaves(after), leaves, strict=True)]
        return arrays, StepOutput(numbers, metrics)

    def _update(self, state: TrainState, gradient: PyTree[Any], finite: Array) -> TrainState:
        """Apply the optimizer; if the gradient is not finite, only count the step."""
        updates, optimizer = self._optimizer.update(gradient, state.optimizer, state.weights)
        weights = optax.apply_updates(state.weights, updates)
        return TrainState(
            weights=tree.where(finite, weights, state.weights),
            optimizer=tree.where(finite, optimizer, state.optimizer),
            average=self._update_average(state.average, weights, state.accepted, finite),
            step=state.step + 1,
            accepted=count_if(state.accepted, finite),
            consecutive=jnp.where(finite, 0, state.consecutive + 1),
        )

    def _update_average(
        self, average: PyTree[Any], weights: PyTree[Any], accepted: Array, finite: Array
    ) -> PyTree[Any]:
        """Include the weights of one more step; the first average is the weights after the first step."""
        if self._average is None:
            return None
        fraction = update_fraction(self._average, accepted)
        updated = jax.tree.map(lambda a, w: a + tree.times(w - a, fraction), average, weights)
        return tree.where(finite, updated, average)


@jax.jit
def copy_arrays(leaves: list[Array]) -> list[Array]:
    """Copy arrays, so that no step consumes them."""
    return [jnp.copy(leaf) for leaf in leaves]


def _strongly_typed(x: Any) -> Array:
    """Convert to an array without a weak type: otherwise the second step would be compiled again."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else jnp.asarray(x, x.dtype)


def _cast_like(new: Array, old: Array) -> Array:
    return new if jnp.issubdtype(old.dtype, jax.dtypes.prng_key) else jnp.asarray(new, old.dtype)


def value_and_metrics(result: Any, what: str) -> tuple[Array, dict[str, Array]]:
    """Split the result of a loss or metric into its value and a dictionary of metrics.

    Raises:
        TypeError: If the value is not a real scalar, or the metrics are not a dictionary of real scalars.
    """
    value, metrics = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
    if not _is_real_scalar(value):
        raise TypeError(
            f"The {what} must return a real scalar, the mean over the batch, or a pair of it and a dictionary of "
            f"metrics; got {_describe(value)}."
        )
    if not isinstance(metrics, dict) or not all(_is_real_scalar(each) for each in metrics.values()):
        raise TypeError(f"The metrics of the {what} must be a dictionary of real scalars; got {_describe(metrics)}.")
    return jnp.asarray(value), {name: jnp.asarray(each) for name, each in metrics.items()}


def _is_real_scalar(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | float) and np.ndim(value) == 0 and not jnp.iscomplexobj(value)


def _describe(value: Any) -> str:
    if isinstance(value, jax.Array | np.ndarray):
        return f"an array of shape {value.shape} and type {value.dtype}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_describe(each)}' for name, each in value.items())}}}"
    return f"an object of type {type(value).__name__}"


def _is_number(path: Any, value: Any) -> bool:
    """Return whether a leaf of an optimizer's state is a number rather than the state of a schedule of that name."""
    del path
    return eqx.is_array(value)
