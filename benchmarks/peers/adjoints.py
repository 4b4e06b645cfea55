"""Ways to differentiate a solve, with the memory of the compiled gradient in the name of the setting."""

from dataclasses import dataclass
from typing import Any

import diffrax
import jax

import nde
from benchmarks.peers.jax_library import JaxLibrary, Setting
from benchmarks.problem import Problem
from benchmarks.side import Ready


@dataclass(frozen=True)
class Weighed(JaxLibrary):
    """A library whose setting shows the temporary bytes of its compiled program, as reported by the compiler."""

    def compiled(self, problem: Problem, setting: Setting) -> Ready:
        """Compile, record the memory, and run once."""
        inputs = problem.inputs()
        program = jax.jit(self.function(problem, setting)).lower(*inputs).compile()
        account = program.memory_analysis()
        assert account is not None

        def run() -> Any:
            return jax.block_until_ready(program(*inputs))

        kilobytes = f"{account.temp_size_in_bytes / 1000:,.0f} kB"
        label = f"{setting.name}, {kilobytes}" if setting.name else kilobytes
        return Ready(run, before=run, value=jax.device_get(run()), setting=label)


def _weighed(library: Any, adjoint: Any) -> Weighed:
    setting = Setting(type(adjoint).__name__, {"adjoint": adjoint})
    return Weighed("nde" if library is nde else "Diffrax", library, lambda _: (setting,))


def our_checkpoints(kept: int) -> Weighed:
    """`nde` with this many states kept."""
    return _weighed(nde, nde.RecursiveCheckpointAdjoint(checkpoints=kept))


OUR_DEFAULT = _weighed(nde, nde.RecursiveCheckpointAdjoint())
OUR_REVERSIBLE = _weighed(nde, nde.ReversibleAdjoint())
OUR_BACKSOLVE = _weighed(nde, nde.BacksolveAdjoint())
OUR_DIRECT = _weighed(nde, nde.DirectAdjoint())
DIFFRAX_DEFAULT = _weighed(diffrax, diffrax.RecursiveCheckpointAdjoint())
DIFFRAX_BACKSOLVE = _weighed(diffrax, diffrax.BacksolveAdjoint())
DIFFRAX_DIRECT = _weighed(diffrax, diffrax.DirectAdjoint())
