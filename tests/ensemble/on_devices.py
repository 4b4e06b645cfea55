"""Runs one ensemble on the devices that there are, and on one; writes what was found. Started by `test_devices.py`."""

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import nde
from nde._ensemble.plan import make_plan
from nde._ensemble.simulate import simulate

KEY = jax.random.key(5)
PATHS, CHUNK = 5000, 2560


def path(key: Any) -> Any:
    """An equation of which every step computes something that could be rounded in another way."""
    ts = jnp.asarray([0.0, 0.5, 1.0])
    return nde.sdeint(lambda t, y: jnp.sin(y), lambda t, y: 0.3 * jnp.exp(-y * y), 1.0, ts, key, dt0=0.05, throw=False)


def found(devices: list[Any]) -> dict[str, np.ndarray]:
    """All paths, and what is known without them."""
    kept = nde.ensemble(path, KEY, PATHS, chunk=CHUNK, keep=True, devices=devices)
    lean = nde.ensemble(path, KEY, PATHS, chunk=CHUNK, devices=devices)
    names = ("mean", "variance", "minimum", "maximum", "quantiles")
    return {"paths": np.asarray(kept.paths), **{name: np.asarray(getattr(lean, name)) for name in names}}


def used() -> dict[str, np.ndarray]:
    """Which devices hold a part of a chunk, and which paths each has run."""
    plan = make_plan(12, PATHS, CHUNK, jax.devices())
    ys, counted = simulate(path, jax.device_put(KEY, plan.everywhere), jnp.uint32(0), jnp.int32(PATHS), plan)
    parts = sorted(ys.addressable_shards, key=lambda shard: shard.device.id)
    assert {shard.device for shard in parts} == set(jax.devices()) == counted.sharding.device_set
    return {"run": np.stack([np.asarray(shard.data) for shard in parts])}


if __name__ == "__main__":
    devices = jax.devices()
    several = {f"all {name}": x for name, x in found(devices).items()}
    three = {f"three {name}": x for name, x in found(devices[1:4]).items()}
    np.savez(sys.argv[1], count=len(devices), **several, **three, **used())
