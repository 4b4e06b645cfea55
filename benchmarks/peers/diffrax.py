"""Diffrax, at its defaults and at its best setting."""

import diffrax

from benchmarks.peers.jax_library import JaxLibrary, Setting
from benchmarks.problem import Problem


def candidates(problem: Problem) -> tuple[Setting, ...]:
    """Settings that do not change the result and were the fastest on at least one problem."""
    if problem.loss is None:
        return (Setting("ForwardMode", {"adjoint": diffrax.ForwardMode(), "throw": False}),)
    checkpointed = [
        Setting(f"checkpoints={k}", {"adjoint": diffrax.RecursiveCheckpointAdjoint(checkpoints=k), "throw": False})
        for k in (16, problem.max_steps)
    ]
    silent = Setting("throw=False", {"throw": False})
    direct = Setting("DirectAdjoint", {"adjoint": diffrax.DirectAdjoint(), "throw": False})
    return (silent, *checkpointed) if problem.lanes is None else (silent, *checkpointed, direct)


DIFFRAX = JaxLibrary("Diffrax", diffrax)
DIFFRAX_TUNED = JaxLibrary("Diffrax tuned", diffrax, candidates)
