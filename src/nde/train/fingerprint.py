"""Identify the training run that a checkpoint belongs to."""

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
from nde.train.optimizer import with_standard_promotion
from nde.train.partition import partition_weights
from nde.train.settings import Settings

_IGNORED = {"log_every", "validated"}
"""Settings that do not affect the result."""


def fingerprint_of(
    model: Any, optimizer: optax.GradientTransformation, settings: Settings, key: Any, batch: PyTree[Any]
) -> dict[str, Any]:
    """Return what two runs must have in common for one to resume from the checkpoints of the other.

    The dictionary is stored in the checkpoint. Its keys appear in error messages. Data are identified by their first
    batch and the optimizer by its computation. The number of steps may grow unless the curriculum or the optimizer
    depends on it.
    """
    weights, rest = partition_weights(model)
    optimizer = with_standard_promotion(optimizer)
    state = jax.eval_shape(optimizer.init, weights)
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    relevant = {name: value for name, value in values.items() if name not in _IGNORED}
    relevant["curriculum"] = repr(settings.curriculum) if settings.curriculum else None
    if isinstance(settings.average, StochasticWeightAverage):
        relevant["average"] = repr(settings.average)
    if settings.curriculum is None:
        del relevant["steps"]
    versions = f"jax {jax.__version__}, optax {optax.__version__}"
    fingerprint = {
        "weights": _shapes(weights),
        "state of the optimizer": _shapes(state),
        "digest of what is not learned in the model": _digest(rest, _static_description(model)),
        f"digest of the optimizer's arithmetic ({versions})": _digest(
            None, str(jax.make_jaxpr(optimizer.update)(weights, state, weights))
        ),
        "key": np.asarray(jax.random.key_data(key) if _is_typed_key(key) else key).tolist(),
        "settings": relevant,
        "digest of the first batch": _digest(batch, ""),
    }
    return json.loads(json.dumps(fingerprint))


def _shapes(tree: PyTree[Any]) -> dict[str, str]:
    """Return the type and shape of each array by its path."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): f"{leaf.dtype}{list(leaf.shape)}" for path, leaf in leaves}


def _static_description(model: Any) -> str:
    """Describe a model's structure and its leaves that are not arrays: functions, sizes, names."""
    return " ".join(
        [str(jax.tree.structure(model)), *map(repr, jax.tree.leaves(eqx.filter(model, eqx.is_array, inverse=True)))]
    )


def _digest(arrays: PyTree[Any], text: str) -> int:
    """Hash the bytes of arrays and the words of a text, ignoring memory addresses and the order of words.

    The text comes from `repr`, and the elements of a set are printed in a different order in each process.
    """
    words = sorted(re.findall(r"\w+", re.sub(r"0x[0-9a-f]+", "", text)))
    digest = zlib.crc32(" ".join(words).encode())
    for leaf in jax.tree.leaves(arrays):
        if eqx.is_array(leaf):
            data = jax.random.key_data(leaf) if _is_typed_key(leaf) else leaf
            digest = zlib.crc32(np.ascontiguousarray(data).tobytes(), digest)
    return digest


def _is_typed_key(key: Any) -> bool:
    return jax.numpy.issubdtype(key.dtype, jax.dtypes.prng_key)
