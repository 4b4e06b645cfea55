"""The command `nde`, which starts without its packages too, to say how to install them."""

import sys

from nde.core.extras import COMMAND_LINE, advice, missing

_HELP = """\
Usage: nde [--help] COMMAND [ARGS]...

Fits neural differential equations to files of measurements, predicts, and generates series.

{advice}
"""


def main() -> None:
    """Run the command line; without its packages say what to install, and exit with status 2 unless for help."""
    lacking = missing(*COMMAND_LINE)
    if lacking:
        _explain(advice("The command line of nde", lacking))
    from nde.cli.app import main as run  # noqa: PLC0415 (needs these packages)

    run()


def _explain(text: str) -> None:
    if {"--help", "-h"} & {*(sys.argv[1:] or ["--help"])}:
        sys.stdout.write(_HELP.format(advice=text))
        sys.exit(0)
    sys.stderr.write(f"nde: {text}\n")
    sys.exit(2)
