"""`nde fit`, `nde demo`, `nde predict`, `nde sample`."""

import logging
import sys
import warnings
from typing import Any, NoReturn

import typer

from nde.cli.commands.demo import demo
from nde.cli.commands.fit import fit
from nde.cli.commands.predict import predict, sample
from nde.cli.stopped import FAILED, STOPPED, StoppedError
from nde.data import DataError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for command in (fit, demo, predict, sample):
    app.command()(command)


def main() -> None:
    """Run the command line; bad input ends with one line and exit status 2."""
    # Orbax logs what `nde.train` warns of, with tracebacks.
    logging.getLogger("absl").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            status = app(standalone_mode=False)
    except StoppedError as stopped:
        _fail(str(stopped), stopped.status)
    except (typer.Abort, KeyboardInterrupt):
        status = STOPPED
    except DataError as error:
        _fail(str(error))
    except Exception as error:
        if not _is_usage(error):
            raise
        _fail(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
    if status == STOPPED:
        _fail("Stopped; nothing was written.", STOPPED)
    sys.exit(status if isinstance(status, int) else 0)


def _show_warning(message: Warning | str, *_: Any) -> None:
    """Print a warning without the line of code that it is from."""
    typer.echo(f"nde: {' '.join(str(message).split())}", err=True)


def _is_usage(error: Exception) -> bool:
    """Whether the command was misspelt."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _fail(message: str, status: int = FAILED) -> NoReturn:
    typer.echo(f"nde: {' '.join(message.split())}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
