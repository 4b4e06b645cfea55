"""`python -m experiments NAME`: run an experiment and write its table and plot."""

import argparse
import importlib
import inspect
from pathlib import Path

NAMES: tuple[str, ...] = (
    "adjoints",
    "augmented",
    "densities",
    "digits",
    "gaps",
    "hypersolvers",
    "implicit_gradients",
    "japanese_vowels",
    "latent_ode",
    "lorenz",
    "memory",
    "ou_gan",
    "panels",
    "portfolio",
    "returns",
    "seminorm",
    "series_tables",
    "sudoku",
    "tables",
)
"""Modules of this package, each with `run(folder, quick)`, which writes `NAME.md`, `NAME.json` and `NAME.png`."""


def main() -> None:
    """Run the named experiments, or list them."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description="Runs experiments.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" | ".join(NAMES))
    parser.add_argument("--out", type=Path, default=Path("experiments/results"), help="folder of tables and pictures")
    parser.add_argument("--quick", action="store_true", help="a small part, to see that it runs")
    parser.add_argument("--seeds", type=int, help="the number of random splits, for `series_tables`")
    wanted = parser.parse_args()
    for name in wanted.names:
        if name not in NAMES:
            parser.error(f"there is no experiment '{name}'; there are {', '.join(NAMES)}")
    if not wanted.names:
        parser.print_help()
    wanted.out.mkdir(parents=True, exist_ok=True)
    for name in wanted.names:
        run = importlib.import_module(f"experiments.{name}").run
        options = {} if wanted.seeds is None else {"seeds": wanted.seeds}
        if not options.keys() <= inspect.signature(run).parameters.keys():
            parser.error(f"the experiment '{name}' does not take --seeds")
        run(wanted.out, wanted.quick, **options)


if __name__ == "__main__":
    main()
