"""By what a checkpoint tells whose it is."""

import dataclasses
import json
import re
import zlib
from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax
from jaxtyping import PyTree

from nde.train.averaging import StochasticWeightAverage
from nde.train.learned import weights_and_rest
from nde.train.promotion import promoting
from nde.train.settings import Settings

_FREE = {"log_every", "validated"}
"""Settings that change nothing of the result."""


def identity_of(
    model: Any, optimizer: optax.GradientTransformation, settings: Settings, key: Any, batch: PyTree[Any]
) -> dict[str, Any]:
    """What is the same in all trainings that may go on from each other's checkpoints, by the names that errors use.

    The data are told by their first batch, and the optimizer by what it computes. Steps may become more, unless the
    curriculum or the optimizer depend on them.
    """
    weights, rest = weights_and_rest(model)
    optimizer = promoting(optimizer)
    state = jax.eval_shape(optimizer.init, weights)
    chosen = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    kept = {name: value for name, value in chosen.items() if name not in _FREE}
    kept["curriculum"] = repr(settings.curriculum) if settings.curriculum else None
    if isinstance(settings.average, StochasticWeightAverage):
        kept["average"] = repr(settings.average)
    if settings.curriculum is None:
        del kept["steps"]
    versions = f"jax {jax.__version__}, optax {optax.__version__}"
    identity = {
        "weights": _shapes(weights),
        "state of the optimizer": _shapes(state),
        "digest of what is not learned in the model": _digest(rest, _said(model)),
        f"digest of the optimizer's arithmetic ({versions})": _digest(
            None, str(jax.make_jaxpr(optimizer.update)(weights, state, weights))
        ),
        "key": np.asarray(jax.random.key_data(key) if _is_typed(key) else key).tolist(),
        "settings": kept,
        "digest of the first batch": _digest(batch, ""),
    }
    return json.loads(json.dumps(identity))


def _shapes(tree: PyTree[Any]) -> dict[str, str]:
    """The name, type and shape of each array."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): f"{leaf.dtype}{list(leaf.shape)}" for path, leaf in leaves}


def _said(model: Any) -> str:
    """What the parts of a model say of themselves that are no arrays: functions, sizes, names."""
    return " ".join(
        [str(jax.tree.structure(model)), *map(repr, jax.tree.leaves(eqx.filter(model, eqx.is_array, inverse=True)))]
    )


def _digest(arrays: PyTree[Any], text: str) -> int:
    """Of the bytes of arrays and the words of a text, without addresses and whatever the order of words.

    The text is what objects say of themselves: a set among them names its elements in another order in each process.
    """
    words = sorted(re.findall(r"\w+", re.sub(r"0x[0-9a-f]+", "", text)))
    digest = zlib.crc32(" ".join(words).encode())
    for leaf in jax.tree.leaves(arrays):
        if eqx.is_array(leaf):
            held = jax.random.key_data(leaf) if _is_typed(leaf) else leaf
            digest = zlib.crc32(np.ascontiguousarray(held).tobytes(), digest)
    return digest


def _is_typed(key: Any) -> bool:
    return jax.numpy.issubdtype(key.dtype, jax.dtypes.prng_key)
