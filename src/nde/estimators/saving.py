"""Estimators in folders."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import equinox as eqx

from nde.data import DataError

_ABOUT, _WEIGHTS = "estimator.json", "model.eqx"
_NOT_KEPT = frozenset({"random_state", "checkpoint_dir", "progress"})
"""Parameters that say how it was trained, not what it is."""
_FORMER_NAMES = {"members": "n_estimators", "steps": "max_iter"}
"""Parameters by the names that older files have."""


def write(folder: str | Path, estimator: Any, told: dict[str, Any], model: Any) -> None:
    """Writes `estimator.json` and `model.eqx`; the former last, so that a folder without it holds none."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _ABOUT).unlink(missing_ok=True)
    parameters = {name: value for name, value in estimator.get_params(deep=False).items() if name not in _NOT_KEPT}
    about = {
        "estimator": type(estimator).__name__,
        "nde": importlib.metadata.version("nde"),
        "parameters": parameters,
        "learned": told,
    }
    eqx.tree_serialise_leaves(folder / _WEIGHTS, model)
    draft = folder / f".{_ABOUT}"
    draft.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    draft.rename(folder / _ABOUT)


def read(folder: str | Path, classes: dict[str, Any]) -> Any:
    """The estimator that was written; see `nde.estimators.load_estimator`.

    Raises:
        DataError: If the folder holds none, or one that cannot be read.
    """
    folder = Path(folder)
    if not (folder / _ABOUT).is_file() or not (folder / _WEIGHTS).is_file():
        raise DataError(f"There is no saved estimator in {folder}: {_ABOUT} and {_WEIGHTS} are wanted.")
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        estimator = classes[about["estimator"]](**_current(about["parameters"]))
        blank = estimator._from_config(about["learned"])  # noqa: SLF001 (only estimators read estimators)
        estimator.model_ = eqx.tree_deserialise_leaves(folder / _WEIGHTS, blank)
    except (ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise DataError(
            f"The estimator in {folder} cannot be read ({' '.join(str(error).split())}); fit it again."
        ) from None
    return estimator


def _current(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a saved estimator, by their current names."""
    return {_FORMER_NAMES.get(name, name): value for name, value in parameters.items()}
