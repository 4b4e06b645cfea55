"""Models in folders."""

import dataclasses
import json
from pathlib import Path

import equinox as eqx
import jax

from nde.data import DataError
from nde.models.base import AbstractODEModel
from nde.models.registry import MODELS, SDE_MODELS
from nde.models.scaling import Scaling
from nde.models.stochastic import AbstractSDEModel

_CONFIG, _WEIGHTS = "config.json", "model.eqx"


def save_model(model: AbstractODEModel | AbstractSDEModel, folder: str | Path) -> None:
    """Writes a model into a folder, which is made if it is not there: `config.json` and `model.eqx`.

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
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": model.key, "names": list(model.names), "scaling": dataclasses.asdict(model.scaling)}
    (folder / _CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    eqx.tree_serialise_leaves(folder / _WEIGHTS, model)


def load_model(folder: str | Path) -> AbstractODEModel | AbstractSDEModel:
    """A model as it was saved; it forecasts the same to the last bit.

    Raises:
        DataError: If the folder holds no model, or one that cannot be read.

    Example:
        See `save_model`.
    """
    folder = Path(folder)
    if not (folder / _CONFIG).is_file() or not (folder / _WEIGHTS).is_file():
        raise DataError(f"There is no saved model in {folder}: {_CONFIG} and {_WEIGHTS} are wanted.")
    try:
        config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        scaling = config["scaling"]
        scaling = Scaling(**{**scaling, "center": tuple(scaling["center"]), "scale": tuple(scaling["scale"])})
        blank = {**MODELS, **SDE_MODELS}[config["model"]].blank(tuple(config["names"]), scaling, key=jax.random.key(0))
        return eqx.tree_deserialise_leaves(folder / _WEIGHTS, blank)
    except (ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
        raise DataError(
            f"The model in {folder} cannot be read ({' '.join(str(error).split())}); fit it again."
        ) from None
