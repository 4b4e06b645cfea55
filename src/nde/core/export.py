"""`jax.export` of a solve: an error for a program that calls back to Python."""

from typing import Any

from jax.extend.core import Primitive
from jax.interpreters import batching, mlir

from nde.core.types import BoolScalar


def refuse_export(failed: BoolScalar) -> BoolScalar:
    """The condition of a call back to Python, the same; a program with it cannot be exported.

    Raises:
        ValueError: When it is lowered for export.
    """
    return _not_exported.bind(failed)


_WHY = (
    "Got `jax.export` of a solve with `throw=True`, whose failure is raised by a call back to Python, which cannot be "
    "exported. Pass `throw=False` to the solve, and look at `sol.result`."
)


def _same(x: Any) -> Any:
    return x


def _lower(context: mlir.LoweringRuleContext, x: Any) -> list[Any]:
    if context.module_context.lowering_parameters.for_export:
        raise ValueError(_WHY)
    return [x]


_not_exported = Primitive("refuse_export")
_not_exported.def_impl(_same)
_not_exported.def_abstract_eval(_same)
batching.primitive_batchers[_not_exported] = lambda xs, axes: (_not_exported.bind(*xs), axes[0])
mlir.register_lowering(_not_exported, _lower)
