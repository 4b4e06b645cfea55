"""Estimators in pickles: weights as bytes, for functions of JAX that are fields of a model cannot be pickled."""

import io
from typing import Any

import equinox as eqx
import jax


class PickledByWeights:
    """What is put before `BaseEstimator`, so that a fitted estimator goes to other processes and comes back."""

    def __getstate__(self) -> Any:
        whole: Any = super().__getstate__()
        state = dict(whole)
        if "model_" in state:
            buffer = io.BytesIO()
            eqx.tree_serialise_leaves(buffer, state["model_"])
            state["model_"] = buffer.getvalue()
        return state

    def __setstate__(self, state: Any) -> None:
        rest = {name: value for name, value in state.items() if name != "model_"}
        super().__setstate__(rest)  # pyright: ignore[reportAttributeAccessIssue]
        if "model_" in state:
            blank = self._blank(jax.random.key(0))  # pyright: ignore[reportAttributeAccessIssue]
            self.model_ = eqx.tree_deserialise_leaves(io.BytesIO(state["model_"]), blank)
