"""Tables for the terminal."""

from rich.table import Table as Grid

from nde.cli.noise.done import Done


def table_of_scores(done: Done) -> Grid:
    """How good each model is; a row for each, and the random walk at last."""
    grid = Grid(title="mean log density of a value, given those before; share within 90 %", title_justify="left")
    grid.add_column("", no_wrap=True)
    places = ["fitted", "held out"] if done.held else ["fitted"]
    for head in (*places, "AIC", *(place.replace(", ", "\n") for place in done.verdicts[done.best].coverage)):
        grid.add_column(head, justify="right")
    for name, each in done.verdicts.items():
        density = [each.fitted, each.held][: len(places)]
        shares = [f"{100 * share['90 %']:.0f} %" for share in each.coverage.values()]
        aic = "" if each.aic is None else f"{each.aic:.1f}"
        grid.add_row(name, *(f"{value:.3f}" for value in density), aic, *shares)
    return grid


def table_of_parameters(name: str, done: Done) -> Grid:
    """What was learned, how well it is known, and how far it is from the truth, if that is known."""
    parameters = done.parameters(name)
    known = any(each.truth is not None for each in parameters.values())
    grid = Grid(title=name, title_justify="left")
    grid.add_column("", no_wrap=True)
    for head in (*(["truth"] if known else []), "estimate", "standard error", *(["distance"] if known else [])):
        grid.add_column(head, justify="right")
    for key, each in parameters.items():
        error = "not identified" if each.standard_error is None else f"{each.standard_error:.3g}"
        truth = [] if not known else ["" if each.truth is None else f"{each.truth:g}"]
        distance = [] if not known else ["" if each.distance is None else f"{each.distance:+.2f} s.e."]
        grid.add_row(key, *truth, f"{each.value:.4g}", error, *distance)
    return grid
