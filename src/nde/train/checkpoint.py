"""A folder of checkpoints that a killed training goes on from."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from nde.train.run import Run, Snapshot

_FORMAT = 1
_KEPT = 2
_AGREEMENT = 16
"""Between how many steps several processes agree whether it is time."""


class Checkpoints:
    """Writes checkpoints beside the training, and reads the last.

    Each is written under another name and renamed when whole, by Orbax: whenever the process is killed, the last whole
    one is there. Writing goes on in a thread, from memory that no step uses up.

    Args:
        folder: Where to; nothing else should be in it.
        identity: What is the same in all trainings that may go on from these checkpoints.
        seconds: How long between two; `None` for no limit.
        steps: How many steps between two; `None` for no limit.

    Raises:
        ValueError: If the folder is a file.
    """

    def __init__(self, folder: Path, identity: dict[str, Any], *, seconds: float | None, steps: int | None) -> None:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"Got checkpoint='{folder}', which is a file; a folder is wanted, and made.")
        import orbax.checkpoint as orbax  # noqa: PLC0415 (half a second, which only those pay who want it)

        self._orbax, self._folder, self._identity = orbax, folder, identity
        self._seconds, self._steps = seconds, steps
        policy = orbax.checkpoint_managers.LatestN(n=_KEPT)
        self._manager = orbax.CheckpointManager(
            folder.absolute(),
            options=orbax.CheckpointManagerOptions(preservation_policy=policy, cleanup_tmp_directories=True),
            item_names=("arrays", "told"),
        )
        self._last_time, self._last_step = time.monotonic(), self._manager.latest_step() or 0

    def restore(self, run: Run, place: Any) -> bool:
        """Brings a run to where the last checkpoint is, if there is one.

        Args:
            run: To be brought there.
            place: The sharding of its arrays; `None` for the usual device.

        Raises:
            ValueError: If it is one of another training.
        """
        step = self._manager.latest_step()
        if step is None:
            return False
        args = self._orbax.args
        told = self._manager.restore(step, args=args.Composite(told=args.JsonRestore()))["told"]
        _check(self._folder, told, self._identity, run.steps)
        shapes = run.shapes(told)
        sharding = place or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        wanted = _as_tree(
            dataclasses.replace(
                shapes, **{name: [_laid(x, sharding) for x in getattr(shapes, name)] for name in ("descent", "best")}
            )
        )
        arrays = self._manager.restore(step, args=args.Composite(arrays=args.StandardRestore(wanted)))["arrays"]
        run.restore(_as_snapshot(arrays, shapes))
        return True

    def due(self, done: int) -> bool:
        """Whether it is time for one; several processes agree by the clock of the first."""
        if self._steps is not None and done % self._steps == 0:
            return True
        if self._seconds is None:
            return False
        if jax.process_count() == 1:
            return time.monotonic() - self._last_time >= self._seconds and not self._manager.is_saving_in_progress()
        if done % _AGREEMENT:
            return False
        from jax.experimental import multihost_utils  # noqa: PLC0415 (only with several processes)

        late = time.monotonic() - self._last_time >= self._seconds
        return bool(multihost_utils.broadcast_one_to_all(np.asarray(late)))

    def save(self, run: Run) -> None:
        """Begins to write where a run is; a step that has a checkpoint is left alone."""
        if run.done != self._last_step:
            snapshot, args = run.snapshot(), self._orbax.args
            told = {**snapshot.told, "format": _FORMAT, "identity": self._identity}
            parts = args.Composite(arrays=args.StandardSave(_as_tree(snapshot)), told=args.JsonSave(told))
            self._manager.save(run.done, args=parts)
        self._last_time, self._last_step = time.monotonic(), run.done

    def close(self) -> None:
        """Waits until all is written."""
        self._manager.close()


def _laid(shape: Any, sharding: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape.shape, shape.dtype, sharding=sharding)


def _as_tree(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """As Orbax takes it: without arrays that hold nothing."""
    numbered = {"descent": snapshot.descent, "best": snapshot.best}
    trees = {name: {str(i): x for i, x in enumerate(leaves) if x.size} for name, leaves in numbered.items()}
    return {name: tree for name, tree in {**trees, "columns": snapshot.columns}.items() if tree}


def _as_snapshot(arrays: dict[str, dict[str, Any]], shapes: Snapshot) -> Snapshot:
    def filled(name: str, leaves: list[Any]) -> list[Array]:
        return [arrays[name][str(i)] if x.size else jax.numpy.zeros(x.shape, x.dtype) for i, x in enumerate(leaves)]

    return Snapshot(
        descent=filled("descent", shapes.descent),
        best=filled("best", shapes.best),
        columns=arrays["columns"],
        told=shapes.told,
    )


def _check(folder: Path, told: dict[str, Any], identity: dict[str, Any], steps: int) -> None:
    if told.get("format") != _FORMAT:
        raise ValueError(f"The checkpoint in '{folder}' has another format; take another folder, or delete this one.")
    theirs = told["identity"]
    for name, mine in identity.items():
        if name in theirs and theirs[name] != mine:
            raise ValueError(
                f"The checkpoint in '{folder}' is of another training: {_difference(name, theirs[name], mine)}. "
                "Take the same arguments to go on, or another folder to begin anew."
            )
    if told["done"] > steps:
        raise ValueError(
            f"The checkpoint in '{folder}' has {told['done']} steps already, more than the {steps} wanted; ask for as "
            "many, or take another folder."
        )


def _difference(name: str, theirs: Any, mine: Any) -> str:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        part = next(each for each in [*mine, *theirs] if theirs.get(each) != mine.get(each))
        return f"{name} {part} there: {theirs.get(part, 'none')}, here: {mine.get(part, 'none')}"
    return f"{name} there: {theirs}, here: {mine}"
