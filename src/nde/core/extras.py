"""Optional packages, and the message that says how to install a missing one."""

from importlib.util import find_spec

ROOMS: dict[str, tuple[str, ...]] = {
    "data": (),
    "estimators": ("optax", "pandas", "rich", "sklearn"),
    "implicit": (),
    "losses": (),
    "metrics": ("sklearn",),
    "models": ("optax", "rich"),
    "plot": ("matplotlib", "sklearn"),
    "train": ("optax", "rich"),
}
"""The packages of `nde` that open at first use, and the optional modules that each imports."""

COMMAND_LINE = ("jinja2", "matplotlib", "optax", "orbax", "pandas", "rich", "sklearn", "typer")
"""The optional modules that the command line imports."""

_EXTRAS = {"optimistix": "implicit", "tqdm": "tqdm"}
"""The extra of a module; all others are in `learn`."""
_DISTRIBUTIONS = {"orbax": "orbax-checkpoint", "sklearn": "scikit-learn"}
"""The name of a module's package where it differs."""


def missing(*modules: str) -> list[str]:
    """The modules among these that are not installed."""
    return [module for module in modules if find_spec(module) is None]


def advice(user: str, modules: list[str]) -> str:
    """What somebody needs, and how to install it.

    Args:
        user: Who needs it, as `nde.train`.
        modules: What is missing; at least one, all of the same extra.
    """
    names = [_DISTRIBUTIONS.get(module, module) for module in modules]
    text = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    them = "it" if len(names) == 1 else "them"
    return f'{user} needs {text}; install {them} with: pip install "nde[{_EXTRAS.get(modules[0], "learn")}]"'


def require(user: str, *modules: str) -> None:
    """Check that optional modules are installed.

    Args:
        user: Who needs them, for the message.
        modules: Their names, as they are imported.

    Raises:
        ModuleNotFoundError: If one is not installed; the message says how to install it.
    """
    absent = missing(*modules)
    if absent:
        raise ModuleNotFoundError(advice(user, absent), name=absent[0])


def require_for_room(room: str) -> None:
    """Check that what a room imports is installed.

    Args:
        room: A key of `ROOMS`.

    Raises:
        ModuleNotFoundError: If something is not installed; the message says how to install it.
    """
    require(f"nde.{room}", *ROOMS[room])
