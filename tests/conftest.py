"""How JAX is set for tests.

They start from its own defaults of precision, and one that wants float64 asks for it itself. They are strict where JAX
is lenient: no dtype and no rank is promoted unless somebody says so. They are compiled with little effort, for most of
their time is compilation; `XLA_FLAGS= make test` compiles as a user does.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

LENIENT = frozenset({"docs"})
"""Folders whose tests run with promotion: examples are what a user runs, who has JAX's defaults."""

if "XLA_FLAGS" not in os.environ:
    jax.config.update("jax_disable_most_optimizations", True)
    if jax.__version_info__ < (0, 11):  # XLA ends the process at a flag that it does not know
        os.environ["XLA_FLAGS"] = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"


@pytest.fixture(scope="module", autouse=True)
def _strict(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is promoted unasked."""
    folder = request.path.relative_to(Path(__file__).parent).parts[0]
    if folder in LENIENT:
        yield
        return
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(scope="module", autouse=True)
def _compiled_functions_go_with_their_module() -> Iterator[None]:
    """Each compiled function holds a few memory maps, of which Linux grants a process 65,530: a whole run has more."""
    yield
    jax.clear_caches()
