"""Models in folders."""

import contextlib
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

from nde.data import DataError
from nde.models.base import AbstractODEModel
from nde.models.registry import MODELS, SDE_MODELS, current_name
from nde.models.scaling import Scaling
from nde.models.stochastic import AbstractSDEModel

_CONFIG, _WEIGHTS = "config.json", "model.eqx"


def save_model(model: AbstractODEModel | AbstractSDEModel, folder: str | Path) -> None:
    """Write a model into a folder, which is made if it does not exist: `config.json` and `model.eqx`.

    Args:
        model: A model with a `key` in the registry of models, such as `LotkaVolterra`.
        folder: The folder.

    Example:
        ```python
        import tempfile
        import jax
        from nde.data import load_lynx_hare
        from nde.models import LotkaVolterra, load_model, save_model

        model = LotkaVolterra.from_table(load_lynx_hare(), key=jax.random.key(0))
        with tempfile.TemporaryDirectory() as folder:
            save_model(model, folder)
            print(load_model(folder).equation())
        ```
    """
    config = {"model": model.key, "names": list(model.names), "scaling": dataclasses.asdict(model.scaling)}
    write_folder(Path(folder), _CONFIG, config, model)


def load_model(folder: str | Path) -> AbstractODEModel | AbstractSDEModel:
    """Read a model; it forecasts the same to the last bit.

    Args:
        folder: The folder that was passed to `save_model`.

    Returns:
        The model.

    Raises:
        DataError: If the folder holds no model, or one that cannot be read.

    Example:
        ```python
        import tempfile
        import jax, numpy as np
        from nde.data import load_lynx_hare
        from nde.models import NeuralTrajectory, load_model, save_model

        table = load_lynx_hare()
        model = NeuralTrajectory.from_table(table, key=jax.random.key(0))
        with tempfile.TemporaryDirectory() as folder:
            save_model(model, folder)
            assert np.array_equal(load_model(folder).forecast(table.ts), model.forecast(table.ts))
        ```
    """
    with reading(Path(folder), _CONFIG, "model") as config:
        scaling = config["scaling"]
        scaling = Scaling(**{**scaling, "center": tuple(scaling["center"]), "scale": tuple(scaling["scale"])})
        kind = {**MODELS, **SDE_MODELS}[current_name(config["model"])]
        return read_weights(Path(folder), kind.blank(tuple(config["names"]), scaling, key=jax.random.key(0)))


def write_folder(folder: Path, name: str, content: dict[str, Any], weights: Any) -> None:
    """Write weights and a JSON file into a folder.

    Both are complete before they get their names, so that a full disk leaves what was in the folder before. The JSON
    file gets its name last: a folder without it holds nothing.

    Args:
        folder: The folder, made if it does not exist.
        name: The name of the JSON file.
        content: What it says.
        weights: A pytree.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as draft_name:
        draft = Path(draft_name)
        eqx.tree_serialise_leaves(draft / _WEIGHTS, weights)
        (draft / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        (folder / name).unlink(missing_ok=True)
        (draft / _WEIGHTS).replace(folder / _WEIGHTS)
        (draft / name).replace(folder / name)


@contextlib.contextmanager
def reading(folder: Path, name: str, what: str) -> Iterator[dict[str, Any]]:
    """Read what `write_folder` wrote: the content of the JSON file.

    Args:
        folder: The folder.
        name: The name of the JSON file.
        what: What the folder holds, for errors.

    Raises:
        DataError: If the folder holds nothing, or something that cannot be read inside the context.
    """
    if not (folder / name).is_file() or not (folder / _WEIGHTS).is_file():
        raise DataError(f"There is no saved {what} in {folder}: {name} or {_WEIGHTS} is missing.")
    try:
        yield json.loads((folder / name).read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"The {what} in {folder} cannot be read ({reason}); fit it again.") from None


def read_weights(folder: Path, blank: Any) -> Any:
    """Read the weights that `write_folder` wrote.

    Args:
        folder: The folder.
        blank: A pytree of the same structure.
    """
    return eqx.tree_deserialise_leaves(folder / _WEIGHTS, blank)
