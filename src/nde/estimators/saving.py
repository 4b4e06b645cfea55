"""Estimators in folders."""

import importlib.metadata
from pathlib import Path
from typing import Any

from nde.models.saving import read_weights, reading, write_folder

_CONFIG = "estimator.json"
_NOT_KEPT = frozenset({"random_state", "checkpoint_dir", "progress"})
"""Parameters that say how an estimator was trained, not what it is."""
_FORMER_NAMES = {"members": "n_estimators", "steps": "max_iter"}
"""Parameters by the names that older files have."""


def write(folder: str | Path, estimator: Any, learned: dict[str, Any], model: Any) -> None:
    """Write `estimator.json` and `model.eqx`.

    Args:
        folder: The folder, made if it does not exist.
        estimator: The estimator, with its parameters.
        learned: What it learned beside the weights.
        model: The weights.
    """
    parameters = {name: value for name, value in estimator.get_params(deep=False).items() if name not in _NOT_KEPT}
    content = {
        "estimator": type(estimator).__name__,
        "nde": importlib.metadata.version("nde"),
        "parameters": parameters,
        "learned": learned,
    }
    write_folder(Path(folder), _CONFIG, content, model)


def read(folder: str | Path, classes: dict[str, Any]) -> Any:
    """Read an estimator; see `nde.estimators.load_estimator`.

    Raises:
        DataError: If the folder holds none, or one that cannot be read.
    """
    with reading(Path(folder), _CONFIG, "estimator") as content:
        saved: dict[str, Any] = content["parameters"]
        parameters = {_FORMER_NAMES.get(name, name): value for name, value in saved.items()}
        estimator = classes[content["estimator"]](**parameters)
        blank = estimator._from_config(content["learned"])  # noqa: SLF001 (only estimators read estimators)
        estimator.model_ = read_weights(Path(folder), blank)
    return estimator
