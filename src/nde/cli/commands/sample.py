"""`nde sample`."""

from pathlib import Path
from typing import Annotated

import typer


def sample(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run of `nde fit --task generate`.")],
    n: Annotated[int, typer.Option("--n", metavar="N", min=1, help="How many series.")] = 100,
    times: Annotated[
        str | None,
        typer.Option("--times", metavar="TIMES", help="With commas, since the first; by default as in the data."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is random.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write a file, not the screen.")] = None,
) -> None:
    """Generate new series by the model of a run; writes CSV."""
    from nde.cli.panel.generate.sample import sampled  # noqa: PLC0415 (takes long to import)
    from nde.cli.predictions import check_new_file, write_new  # noqa: PLC0415

    if out is not None:
        check_new_file(out)
    text = "\n".join(sampled(folder, n, times, seed)) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text)
