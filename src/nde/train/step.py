"""One compiled step of a training."""

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
from nde.train.averaging import Average, pull_of
from nde.train.curriculum import Curriculum
from nde.train.devices import Placement
from nde.train.learned import weights_and_rest
from nde.train.promotion import promoting

Loss = Callable[[Any, Any, Any], Any]
"""`loss(model, batch, key)`, the mean over the batch; or that and a dictionary of scalars to be told."""


_LEARNING, _MEASURING = 0, 1
"""The two branches of a training's key."""


class Descent(eqx.Module):
    """Where a training is, apart from its data.

    Attributes:
        weights: What is learned; `None` for the rest of the model.
        optimizer: The state of the optimizer.
        average: The average of the weights so far, or `None`.
        step: How many steps are done.
        taken: How many of them moved: those whose gradient was finite.
        in_a_row: How many did not, since the last that did.
    """

    weights: PyTree[Any]
    optimizer: PyTree[Any]
    average: PyTree[Any]
    step: Int[Array, ""]
    taken: Int[Array, ""]
    in_a_row: Int[Array, ""]

    @property
    def shown(self) -> PyTree[Any]:
        """The weights that are judged and kept."""
        return self.weights if self.average is None else self.average


class Told(eqx.Module):
    """What a step tells: loss, counts of steps passed over and, if there is one, learning rate; and metrics."""

    numbers: Float[Array, " told"]
    metrics: dict[str, Array]


class Step:
    """A model's loss, gradient, optimizer and average as one function that is compiled for each shape of batch.

    Between steps a descent is a list of arrays: it crosses into compiled code in microseconds, whatever the model is
    built of.
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
        self._loss, self._optimizer = loss, promoting(optimizer)
        self._average, self._curriculum = average, curriculum
        weights, rest = weights_and_rest(model)
        if not jax.tree.leaves(weights):
            raise ValueError("Got a model without floating-point arrays; at least one is wanted, to be learned.")
        frozen, self._fixed = eqx.partition(rest, eqx.is_array)
        key = key if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(key)
        self._key_kind = jax.random.key_impl(key)
        self._placement, self._begin = placement, weights
        self._frozen = frozen
        self._beside = placement.copies((frozen, jax.random.key_data(key)))
        shape = jax.eval_shape(self._start, weights)
        self._structure, self._shown_structure = jax.tree.structure(shape), jax.tree.structure(weights)
        self.shapes = jax.tree.leaves(shape)
        self._compiled = jax.jit(
            self._advance, static_argnames="share", donate_argnums=0, out_shardings=placement.everywhere
        )

    def start(self) -> list[Array]:
        """A descent before its first step, of arrays of its own: those of the model stay."""
        start = jax.jit(self._start, out_shardings=self._placement.everywhere)
        return jax.tree.leaves(start(self._placement.copies(jax.tree.map(jnp.copy, self._begin))))

    def __call__(self, leaves: list[Array], batch: PyTree[Any], share: float | None) -> tuple[list[Array], Told]:
        """The next descent, and what the step tells; the one given is used up."""
        return self._compiled(leaves, self._beside, self._placement.batch(batch), share=share)

    def shown(self, leaves: list[Any]) -> list[Any]:
        """Those arrays of a descent that are judged and kept; they are used up by the next step."""
        return jax.tree.leaves(jax.tree.unflatten(self._structure, leaves).shown)

    def measure(self, metric: Loss) -> Callable[[list[Array], PyTree[Any], Any], Array]:
        """A compiled metric of the weights that are shown, a batch and the number of the batch."""

        def measured(shown: list[Array], beside: tuple[PyTree[Any], Array], batch: PyTree[Any], number: Any) -> Array:
            frozen, key = beside
            model = eqx.combine(jax.tree.unflatten(self._shown_structure, shown), frozen, self._fixed)
            key = jax.random.fold_in(jax.random.fold_in(self._key(key), _MEASURING), number)
            return value_and_metrics(metric(model, batch, key), "metric")[0]

        compiled = jax.jit(measured, out_shardings=self._placement.everywhere)
        return lambda shown, batch, number: compiled(shown, self._beside, batch, number)

    def model(self, shown: list[Array]) -> Any:
        """A model with these weights, in memory of its own."""
        weights = jax.tree.unflatten(self._shown_structure, self._placement.home(copied(shown)))
        return eqx.combine(weights, jax.tree.map(jnp.asarray, self._frozen), self._fixed)

    def _key(self, data: Array) -> Any:
        return jax.random.wrap_key_data(data, impl=self._key_kind)

    def _start(self, weights: PyTree[Any]) -> Descent:
        return Descent(
            weights=weights,
            optimizer=jax.tree.map(_strong, self._optimizer.init(weights)),
            average=None if self._average is None else weights,
            step=jnp.zeros((), jnp.int32),
            taken=jnp.zeros((), jnp.int32),
            in_a_row=jnp.zeros((), jnp.int32),
        )

    def _advance(
        self, leaves: list[Array], beside: tuple[PyTree[Any], Array], batch: PyTree[Any], share: float | None
    ) -> tuple[list[Array], Told]:
        descent, (frozen, key) = jax.tree.unflatten(self._structure, leaves), beside
        key = jax.random.fold_in(jax.random.fold_in(self._key(key), _LEARNING), descent.step)
        if self._curriculum is not None and share is not None:
            batch = self._curriculum.cut(batch, share)

        def of_weights(weights: PyTree[Any]) -> tuple[Array, dict[str, Array]]:
            model = eqx.combine(weights, frozen, self._fixed)
            return value_and_metrics(self._loss(model, batch, key), "loss")

        (value, metrics), slope = jax.value_and_grad(of_weights, has_aux=True)(descent.weights)
        after = self._moved(descent, slope, jnp.isfinite(value) & tree.all_finite(slope))
        skipped = after.step - after.taken
        rate = optax.tree_utils.tree_get(after.optimizer, "learning_rate", None, _is_number)
        told = (value, skipped, after.in_a_row, *(() if rate is None else (rate,)))
        numbers = [jnp.asarray(x, jnp.result_type(float)) for x in told]
        return [_of_type(new, old) for new, old in zip(jax.tree.leaves(after), leaves, strict=True)], Told(
            jnp.stack(numbers), metrics
        )

    def _moved(self, descent: Descent, slope: PyTree[Any], finite: Array) -> Descent:
        """The descent after a step; where the gradient is not finite, only the count goes on."""
        updates, state = self._optimizer.update(slope, descent.optimizer, descent.weights)
        weights = optax.apply_updates(descent.weights, updates)
        taken = count_if(descent.taken, finite)
        return Descent(
            weights=tree.where(finite, weights, descent.weights),
            optimizer=tree.where(finite, state, descent.optimizer),
            average=self._averaged(descent.average, weights, descent.taken, finite),
            step=descent.step + 1,
            taken=taken,
            in_a_row=jnp.where(finite, 0, descent.in_a_row + 1),
        )

    def _averaged(self, average: PyTree[Any], weights: PyTree[Any], before: Array, finite: Array) -> PyTree[Any]:
        """The average with the weights after one more step in it: it begins as those after the first."""
        if self._average is None:
            return None
        pull = pull_of(self._average, before)
        moved = jax.tree.map(lambda a, w: a + tree.times(w - a, pull), average, weights)
        return tree.where(finite, moved, average)


@jax.jit
def copied(leaves: list[Array]) -> list[Array]:
    """The same in memory of its own, which no step uses up."""
    return [jnp.copy(leaf) for leaf in leaves]


def _strong(x: Any) -> Array:
    """An array whose type does not give way to others: otherwise the second step would be compiled again."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else jnp.asarray(x, x.dtype)


def _of_type(new: Array, old: Array) -> Array:
    return new if jnp.issubdtype(old.dtype, jax.dtypes.prng_key) else jnp.asarray(new, old.dtype)


def value_and_metrics(found: Any, what: str) -> tuple[Array, dict[str, Array]]:
    """A loss, and what it tells beside.

    Raises:
        TypeError: If it is no real scalar, or metrics are no dictionary of scalars.
    """
    value, metrics = found if isinstance(found, tuple) and len(found) == 2 else (found, {})
    if not _is_real_scalar(value):
        raise TypeError(
            f"The {what} gave {_described(value)}; one real number is wanted, the mean over the batch, "
            "or a pair of it and a dictionary of metrics."
        )
    if not isinstance(metrics, dict) or not all(_is_real_scalar(each) for each in metrics.values()):
        raise TypeError(f"The {what} gave beside its value {_described(metrics)}; a dictionary of scalars is wanted.")
    return jnp.asarray(value), {name: jnp.asarray(each) for name, each in metrics.items()}


def _is_real_scalar(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | float) and np.ndim(value) == 0 and not jnp.iscomplexobj(value)


def _described(value: Any) -> str:
    if isinstance(value, jax.Array | np.ndarray):
        return f"an array of the shape {value.shape} and type {value.dtype}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {_described(each)}' for name, each in value.items())}}}"
    return f"something of the type {type(value).__name__}"


def _is_number(path: Any, value: Any) -> bool:
    """Whether a leaf of an optimizer's state is a number, and not the state of a schedule of that name."""
    del path
    return eqx.is_array(value)
