"""Compiling quickly: compile time is most of what a law costs, and the laws hold at any level of optimization.

Other tests are compiled as `tests/conftest.py` says.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp


@functools.cache
def _options() -> dict[str, Any] | None:
    """Options that more than halve compile time, if this version of XLA knows them."""
    options = {
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
    }
    try:
        jax.jit(lambda x: x, compiler_options=options).lower(jnp.zeros(())).compile()
    except RuntimeError:
        return None
    return options


def quick_jit(f: Any) -> Any:
    """`jax.jit` with little optimization."""
    return jax.jit(f, compiler_options=_options())
