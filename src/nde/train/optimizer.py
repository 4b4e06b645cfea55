"""The default optimizers, and Optax under JAX's strict promotion rules."""

from typing import Any

import jax
import optax
from jaxtyping import PyTree


def adam(
    learning_rate: float = 1e-3,
    *,
    steps: int,
    clip: float | None = 1.0,
    weight_decay: float = 0.0,
    warmup: int | float = 0.02,
    final: float = 0.01,
) -> optax.GradientTransformation:
    """Adam with decoupled weight decay, gradient clipping, and linear warmup followed by cosine decay.

    Source: Loshchilov and Hutter, *Decoupled weight decay regularization* (2019), doi:10.48550/arXiv.1711.05101.

    Args:
        learning_rate: The peak learning rate.
        steps: The number of training steps that the schedule covers.
        clip: The global norm to which gradients are clipped; `None` disables clipping.
        weight_decay: The weight decay of a step, as a multiple of the learning rate.
        warmup: The number of warmup steps; below 1, their share of all steps.
        final: The last learning rate, as a share of the peak.

    Returns:
        The transformation. Its state holds the learning rate, which `fit` reports.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.train import adam

        optimizer = adam(1e-2, steps=1000, clip=1.0, weight_decay=1e-4)
        state = optimizer.init(jnp.zeros(3))
        ```
    """
    for name, value in {"learning_rate": learning_rate, "steps": steps}.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive; got {value}.")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be a positive norm, or None to disable clipping; got {clip}.")
    warmup_steps = round(warmup * steps) if warmup < 1 else int(warmup)
    if not 0 <= warmup_steps <= steps:
        raise ValueError(
            f"warmup must be a number of steps up to {steps}, or a share of them from 0 to 1; got {warmup}."
        )
    schedule = _warmup_cosine(learning_rate, steps, warmup_steps, final)
    return with_standard_promotion(
        optax.chain(
            optax.identity() if clip is None else optax.clip_by_global_norm(clip),
            optax.scale_by_adam(),
            optax.add_decayed_weights(weight_decay) if weight_decay else optax.identity(),
            optax.inject_hyperparams(optax.scale_by_learning_rate, static_args="flip_sign")(schedule),
        )
    )


def clipped_adam(learning_rate: optax.ScalarOrSchedule, steps: int) -> optax.GradientTransformationExtraArgs:
    """Adam with gradient clipping that skips steps whose gradient is not finite."""
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(learning_rate))
    return with_standard_promotion(optax.apply_if_finite(optimizer, max_consecutive_errors=steps))


def with_standard_promotion(optimizer: optax.GradientTransformation) -> optax.GradientTransformationExtraArgs:
    """Wrap an optimizer so that it runs under JAX's standard promotion rules, which Optax relies on.

    Optax multiplies its integer step counts by learning rates, which strict promotion forbids.
    """
    inner = optax.with_extra_args_support(optimizer)

    def init(params: PyTree[Any]) -> PyTree[Any]:
        with jax.numpy_dtype_promotion("standard"):
            return inner.init(params)

    def update(
        updates: PyTree[Any], state: PyTree[Any], params: PyTree[Any] | None = None, **extra: Any
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        with jax.numpy_dtype_promotion("standard"):
            return inner.update(updates, state, params, **extra)

    return optax.GradientTransformationExtraArgs(init, update)


def _warmup_cosine(learning_rate: float, steps: int, warmup_steps: int, final: float) -> optax.Schedule:
    """Build the schedule. The warmup starts above zero, so that the first step is not wasted."""
    decay = optax.cosine_decay_schedule(learning_rate, max(steps - warmup_steps, 1), alpha=final)
    if not warmup_steps:
        return decay
    rise = optax.linear_schedule(learning_rate / (warmup_steps + 1), learning_rate, warmup_steps)
    return optax.join_schedules([rise, decay], [warmup_steps])
