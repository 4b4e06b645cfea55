"""What drives the adjoint equation: a constant, or a function of the data of paths that derivatives are wanted of."""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde.core.types import BoolScalar, RealScalar
from nde.paths.halves import HALVES, Halves, first_half, second_half, whole_step
from nde.terms import AbstractTerm, ControlledODETerm, MultiTerm


class AbstractDrives(eqx.Module):
    """Makes the drives of steps, and shows them to the stages."""

    @abc.abstractmethod
    def prepare(
        self,
        term: AbstractTerm,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """The drive of a step along the paths of a term, and their next state."""

    @abc.abstractmethod
    def plain_drive(self, drive: PyTree[Any]) -> PyTree[Any]:
        """What the term would have had."""

    @abc.abstractmethod
    def stage_drive(self, drive: PyTree[Any], term: AbstractTerm, stage: int) -> tuple[PyTree[Any], int]:
        """What a stage sees, as a function of the term, and the number of the stage in it."""

    @abc.abstractmethod
    def backward(self, drive: PyTree[Any], term: AbstractTerm, stages: int) -> PyTree[Any]:
        """The drive of the same step walked backward; see `AbstractTerm.backward`."""


class ConstantDrives(AbstractDrives):
    """As those of the term."""

    def prepare(
        self,
        term: AbstractTerm,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """That of the term."""
        return term.prepare(t, end, h, nodes, needs, path_state)

    def plain_drive(self, drive: PyTree[Any]) -> PyTree[Any]:
        """The same."""
        return drive

    def stage_drive(self, drive: PyTree[Any], term: AbstractTerm, stage: int) -> tuple[PyTree[Any], int]:
        """The same."""
        del term
        return drive, stage

    def backward(self, drive: PyTree[Any], term: AbstractTerm, stages: int) -> PyTree[Any]:
        """That of the term."""
        return term.backward(drive, stages)


class RebuiltDrive(eqx.Module):
    """The drive of a step, and what it takes to make that of a single stage again.

    Attributes:
        drive: The drive.
        t: Start of the step.
        end: Its end.
        h: Its length.
        path_state: The state of the paths before it.
        nodes: The times of the stages as fractions of the step.
        needs: What the solver needs beyond increments.
        part: Which part of the step is meant.
        reversed: Whether it is walked backward.
    """

    drive: PyTree[Any]
    t: RealScalar
    end: RealScalar
    h: RealScalar
    path_state: PyTree[Any]
    nodes: tuple[float, ...] = eqx.field(static=True)
    needs: frozenset[str] = eqx.field(static=True)
    part: Callable[[PyTree[Any]], PyTree[Any]] = eqx.field(static=True)
    reversed: bool = eqx.field(default=False, static=True)

    def at(self, term: AbstractTerm, stage: int) -> PyTree[Any]:
        """The drive, with that stage alone, along the paths of a term."""
        drive, _ = term.prepare(self.t, self.end, self.h, self.nodes[stage : stage + 1], self.needs, self.path_state)
        drive = self.part(drive)
        return term.backward(drive, 0) if self.reversed else drive

    def truncate_where(self, counts: BoolScalar) -> "RebuiltDrive":
        """The same where it counts, elsewhere that of no length."""
        end, h = jnp.where(counts, self.end, self.t), jnp.where(counts, self.h, 0)
        return dataclasses.replace(self, drive=truncate_where(self.drive, counts), end=end, h=h)


class DataDrives(AbstractDrives):
    """Made again in each stage, so that derivatives to the data of paths flow."""

    def prepare(
        self,
        term: AbstractTerm,
        t: RealScalar,
        end: RealScalar,
        h: RealScalar,
        nodes: tuple[float, ...],
        needs: frozenset[str],
        path_state: PyTree[Any],
    ) -> tuple[PyTree[Any], PyTree[Any]]:
        """That of the term, and how it was made."""
        drive, after = term.prepare(t, end, h, nodes, needs, path_state)

        def remade(part: Callable[[PyTree[Any]], PyTree[Any]]) -> RebuiltDrive:
            return RebuiltDrive(part(drive), t, end, h, path_state, nodes, needs, part)

        if HALVES not in needs:
            return remade(_undivided), after
        return Halves(remade(whole_step), remade(first_half), remade(second_half)), after

    def plain_drive(self, drive: RebuiltDrive) -> PyTree[Any]:
        """That of the term."""
        return drive.drive

    def stage_drive(self, drive: RebuiltDrive, term: AbstractTerm, stage: int) -> tuple[PyTree[Any], int]:
        """The drive of the stage, alone."""
        return drive.at(term, stage), 0

    def backward(self, drive: RebuiltDrive, term: AbstractTerm, stages: int) -> RebuiltDrive:
        """That of the term, and how it was made."""
        return RebuiltDrive(
            term.backward(drive.drive, stages),
            drive.t,
            drive.end,
            drive.h,
            drive.path_state,
            drive.nodes[stages:],
            drive.needs,
            drive.part,
            reversed=not drive.reversed,
        )


def truncate_where(drive: PyTree[Any], counts: BoolScalar) -> PyTree[Any]:
    """The drive of a step, or of one of length zero where that does not count."""

    def leaf(x: Any) -> Any:
        return x.truncate_where(counts) if isinstance(x, RebuiltDrive) else jnp.where(counts, x, jnp.zeros_like(x))

    return jax.tree.map(leaf, drive, is_leaf=lambda x: isinstance(x, RebuiltDrive))


def _undivided(drive: PyTree[Any]) -> PyTree[Any]:
    """A drive that does not come in halves."""
    return drive


def single_terms(term: AbstractTerm) -> tuple[Any, ...]:
    """The terms of a sum that are none themselves."""
    if isinstance(term, MultiTerm):
        return tuple(single for each in term.terms for single in single_terms(each))
    return (term,)


def path_of(term: Any) -> Any:
    """The path of a term, or what is left of it when some of its numbers were taken out."""
    return term.controlled.path if isinstance(term, ControlledODETerm) else term.path
