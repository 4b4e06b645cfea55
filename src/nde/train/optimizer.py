"""The optimizer that a training takes unless told otherwise."""

import optax

from nde.train.promotion import promoting


def adam(
    learning_rate: float = 1e-3,
    *,
    steps: int,
    clip: float | None = 1.0,
    weight_decay: float = 0.0,
    warmup: int | float = 0.02,
    final: float = 0.01,
) -> optax.GradientTransformation:
    """Adam with decoupled weight decay, clipped gradients, and a learning rate that rises, then falls along a cosine.

    Source: Loshchilov and Hutter, *Decoupled weight decay regularization* (2019), doi:10.48550/arXiv.1711.05101.

    Args:
        learning_rate: The highest.
        steps: How many steps it is for.
        clip: To which global norm gradients are cut down; `None` leaves them.
        weight_decay: How much weights shrink in a step, as a multiple of the learning rate.
        warmup: For how many steps the rate rises; below 1, the share of all steps.
        final: Where the cosine ends, as a share of the highest.

    Returns:
        The transformation; its state tells the rate, as `fit` shows it.

    Raises:
        ValueError: If a number is out of its range.

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
            raise ValueError(f"Got {name}={value}; a positive number is wanted.")
    if clip is not None and not clip > 0:
        raise ValueError(f"Got clip={clip}; a positive norm is wanted, or None for no clipping.")
    rising = round(warmup * steps) if warmup < 1 else int(warmup)
    if not 0 <= rising <= steps:
        raise ValueError(f"Got warmup={warmup} for {steps} steps; a number of them is wanted, or a share from 0 to 1.")
    schedule = _warmup_cosine(learning_rate, steps, rising, final)
    return promoting(
        optax.chain(
            optax.identity() if clip is None else optax.clip_by_global_norm(clip),
            optax.scale_by_adam(),
            optax.add_decayed_weights(weight_decay) if weight_decay else optax.identity(),
            optax.inject_hyperparams(optax.scale_by_learning_rate, static_args="flip_sign")(schedule),
        )
    )


def _warmup_cosine(learning_rate: float, steps: int, rising: int, final: float) -> optax.Schedule:
    """Rises from a first step that is not zero, so that none is lost."""
    fall = optax.cosine_decay_schedule(learning_rate, max(steps - rising, 1), alpha=final)
    if not rising:
        return fall
    rise = optax.linear_schedule(learning_rate / (rising + 1), learning_rate, rising)
    return optax.join_schedules([rise, fall], [rising])
