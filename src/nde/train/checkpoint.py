"""Save checkpoints of a training run and resume from them."""

import contextlib
import dataclasses
import errno
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from nde.core.extras import require
from nde.data.plural import pluralize
from nde.train.run import Run, Snapshot

_FORMAT = 1
_STATE, _BEST, _COLUMNS, _METADATA, _FINGERPRINT = "descent", "best", "columns", "told", "identity"
"""Names inside a checkpoint. They are part of the format."""
_KEEP = 2
_EXHAUSTED, _NO_SPACE = "RESOURCE_EXHAUSTED", "No space left on device"
"""What Orbax says, and what the operating system says, when the disk is full."""
_OVERHEAD = 100_000
"""Bytes of a checkpoint beside those of its arrays, with a margin."""
_SYNC_EVERY = 16
"""Steps after which several processes agree on whether to save."""


class Checkpoints:
    """Saves checkpoints in the background of training, and loads the last one.

    Orbax writes each checkpoint under a temporary name and renames it when it is complete: whenever the process is
    killed, the last complete checkpoint is intact. A thread writes from a copy that no training step overwrites. If the
    disk is full, there is a warning, and training continues.

    Args:
        folder: The folder to write to. It should hold nothing else.
        fingerprint: What runs must have in common to resume from these checkpoints.
        seconds: Seconds between two checkpoints; `None` for no limit.
        steps: Steps between two checkpoints; `None` for no limit.

    Raises:
        ValueError: If the folder is a file.
    """

    def __init__(self, folder: Path, fingerprint: dict[str, Any], *, seconds: float | None, steps: int | None) -> None:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"checkpoint must be a folder, which is created if needed; got the file '{folder}'.")
        require("nde.train with `checkpoint=`", "orbax")
        import orbax.checkpoint as orbax  # noqa: PLC0415 (the import takes half a second, and few need it)

        self._orbax, self._folder, self._fingerprint = orbax, folder, fingerprint
        self._seconds, self._steps = seconds, steps
        self._manager = self._open()
        self._last_time, self._last_step = time.monotonic(), self._manager.latest_step() or 0

    def restore(self, run: Run, place: Any) -> bool:
        """Restore a run from the last checkpoint, and return whether there is one.

        Args:
            run: The run to restore.
            place: The sharding of its arrays; `None` for the default device.

        Raises:
            ValueError: If the checkpoint belongs to a different run.
        """
        step = self._manager.latest_step()
        if step is None:
            return False
        args = self._orbax.args
        metadata = self._manager.restore(step, args=args.Composite(**{_METADATA: args.JsonRestore()}))[_METADATA]
        _check(self._folder, metadata, self._fingerprint, run.steps)
        shapes = run.shapes(metadata)
        sharding = place or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        target = _to_tree(
            dataclasses.replace(
                shapes, **{name: [_abstract(x, sharding) for x in getattr(shapes, name)] for name in ("state", "best")}
            )
        )
        arrays = self._manager.restore(step, args=args.Composite(arrays=args.StandardRestore(target)))["arrays"]
        run.restore(_to_snapshot(arrays, shapes))
        return True

    def due(self, done: int) -> bool:
        """Return whether it is time for a checkpoint; several processes follow the clock of the first."""
        if self._steps is not None and done % self._steps == 0:
            return True
        if self._seconds is None:
            return False
        if jax.process_count() == 1:
            return time.monotonic() - self._last_time >= self._seconds and not self._manager.is_saving_in_progress()
        if done % _SYNC_EVERY:
            return False
        from jax.experimental import multihost_utils  # noqa: PLC0415 (only with several processes)

        late = time.monotonic() - self._last_time >= self._seconds
        return bool(multihost_utils.broadcast_one_to_all(np.asarray(late)))

    def save(self, run: Run) -> None:
        """Start to write a checkpoint, unless there is one of this step."""
        if run.done != self._last_step:
            snapshot = run.snapshot()
            try:
                self._save(run.done, snapshot)
            except (OSError, ValueError) as error:
                # It may be the failure of an earlier checkpoint, which was written in the background.
                self._warn(error)
                self._reopen()
        self._last_time, self._last_step = time.monotonic(), run.done

    def close(self) -> None:
        """Wait until everything is written."""
        try:
            self._manager.close()
        except (OSError, ValueError) as error:
            self._warn(error)

    def _save(self, step: int, snapshot: Snapshot) -> None:
        args, arrays = self._orbax.args, _to_tree(snapshot)
        needed = sum(x.nbytes for x in jax.tree.leaves(arrays)) + _OVERHEAD
        # Orbax logs many lines when it runs out of space.
        if jax.process_count() == 1 and shutil.disk_usage(self._folder).free < needed:
            raise OSError(errno.ENOSPC, _NO_SPACE)
        metadata = {**snapshot.metadata, "format": _FORMAT, _FINGERPRINT: self._fingerprint}
        items = {"arrays": args.StandardSave(arrays), _METADATA: args.JsonSave(metadata)}
        self._manager.save(step, args=args.Composite(**items))

    def _open(self) -> Any:
        orbax = self._orbax
        policy = orbax.checkpoint_managers.LatestN(n=_KEEP)
        return orbax.CheckpointManager(
            self._folder.absolute(),
            options=orbax.CheckpointManagerOptions(preservation_policy=policy, cleanup_tmp_directories=True),
            item_names=("arrays", _METADATA),
        )

    def _reopen(self) -> None:
        """Replace a manager that failed, and remove what it left incomplete."""
        with contextlib.suppress(OSError, ValueError):
            self._manager.close()
        self._manager = self._open()

    def _warn(self, error: OSError | ValueError) -> None:
        """Warn that a checkpoint could not be written; other errors, and those of several processes, are raised."""
        reason = error.strerror if isinstance(error, OSError) else _NO_SPACE
        if jax.process_count() > 1 or (isinstance(error, ValueError) and _EXHAUSTED not in str(error)):
            raise error
        steps = [int(each.name) for each in self._folder.iterdir() if each.name.isdecimal()]
        last = f"the last complete one is of step {max(steps)}" if steps else "there is none yet"
        warnings.warn(
            f"A checkpoint could not be written to '{self._folder}': {reason or error}; {last}.",
            RuntimeWarning,
            stacklevel=2,
        )


def _abstract(shape: Any, sharding: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape.shape, shape.dtype, sharding=sharding)


def _to_tree(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Convert a snapshot for Orbax, which does not accept empty arrays."""
    numbered = {_STATE: snapshot.state, _BEST: snapshot.best}
    trees = {name: {str(i): x for i, x in enumerate(leaves) if x.size} for name, leaves in numbered.items()}
    return {name: tree for name, tree in {**trees, _COLUMNS: snapshot.columns}.items() if tree}


def _to_snapshot(arrays: dict[str, dict[str, Any]], shapes: Snapshot) -> Snapshot:
    def filled(name: str, leaves: list[Any]) -> list[Array]:
        return [arrays[name][str(i)] if x.size else jax.numpy.zeros(x.shape, x.dtype) for i, x in enumerate(leaves)]

    return Snapshot(
        state=filled(_STATE, shapes.state),
        best=filled(_BEST, shapes.best),
        columns=arrays[_COLUMNS],
        metadata=shapes.metadata,
    )


def _check(folder: Path, metadata: dict[str, Any], fingerprint: dict[str, Any], steps: int) -> None:
    if metadata.get("format") != _FORMAT:
        raise ValueError(
            f"The checkpoint in '{folder}' has an unknown format. Choose a new folder, or delete this one."
        )
    saved = metadata[_FINGERPRINT]
    for name, value in fingerprint.items():
        if name in saved and saved[name] != value:
            raise ValueError(
                f"The checkpoint in '{folder}' belongs to a different run: {_difference(name, saved[name], value)}. "
                "Pass the same arguments to resume, or choose a new folder to start over."
            )
    if metadata["done"] > steps:
        raise ValueError(
            f"The checkpoint in '{folder}' already has {pluralize(metadata['done'], 'step')}, more than steps={steps}. "
            "Ask for at least as many steps, or choose a new folder."
        )


def _difference(name: str, saved: Any, value: Any) -> str:
    if isinstance(value, dict) and isinstance(saved, dict):
        part = next(each for each in [*value, *saved] if saved.get(each) != value.get(each))
        return _difference(f"{name} {part}", saved.get(part, "none"), value.get(part, "none"))
    return f"{name} is {saved} in the checkpoint, but {value} in this run"
