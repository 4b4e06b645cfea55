"""The command `nde`. If packages are missing, it says how to install them."""

import sys

from nde.core.extras import COMMAND_LINE, advice, missing

_HELP = """\
Usage: nde [--help] COMMAND [ARGS]...

Fits neural differential equations to files of measurements, predicts, and generates series.

{advice}
"""


def main() -> None:
    """Run the command line. If packages are missing, say so and exit, with status 2 unless help was asked for."""
    absent = missing(*COMMAND_LINE)
    if absent:
        _explain(advice("The command line of nde", absent))
    from nde.cli.app import main as run  # noqa: PLC0415 (needs these packages)

    run()


def _explain(text: str) -> None:
    if {"--help", "-h"} & {*(sys.argv[1:] or ["--help"])}:
        sys.stdout.write(_HELP.format(advice=text))
        sys.exit(0)
    sys.stderr.write(f"nde: {text}\n")
    sys.exit(2)
