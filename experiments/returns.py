"""Daily returns: do generated paths have fat tails and volatility clustering like those of a GARCH(1,1)?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.returns_data import DAYS, RECORDS, Record, overlapping, panel_of
from experiments.returns_models import Garch, RandomWalk, Reshuffled
from experiments.returns_picture import picture
from experiments.stochastic_volatility import trained
from nde import TimeSeries
from nde.metrics import (
    Bootstrap,
    Estimate,
    autocorrelation,
    kurtosis,
    leverage,
    marginal_distance,
    real_against_fake,
    tail_index,
    volatility_clustering,
)
from nde.plot import plot_generated

WINDOWS = 400
"""The number of windows that each model generates."""
STEPS = 600
"""The number of training steps."""

Fit = Callable[[Record, bool], list[Any]]
"""From a record and whether to be quick, to models with `sample(ts, key=)` that share the windows."""


def _each(fitted: Callable[..., Any], **settings: Any) -> Fit:
    """One model per asset."""
    return lambda record, _: [fitted(returns, **settings) for returns in record.train.T]


def _neural(seed: int) -> Fit:
    """One model for all assets."""

    def fitted(record: Record, quick: bool) -> list[Any]:
        return [trained(overlapping(record.train), steps=3 if quick else STEPS, seed=seed)]

    return fitted


NEURAL = "neural stochastic volatility"
GENERATORS: dict[str, Fit] = {
    "random walk": _each(RandomWalk.fitted),
    "reshuffled returns": _each(Reshuffled.fitted),
    "GARCH(1,1), normal": _each(Garch.fitted, student=False),
    "GARCH(1,1), Student": _each(Garch.fitted, student=True),
    NEURAL: _neural(0),
    f"{NEURAL}, seed 1": _neural(1),
}
"""Models by name; add an entry for another model of series."""

STATISTICS: dict[str, Callable[[TimeSeries, Bootstrap], Estimate]] = {
    "excess kurtosis": lambda panel, bootstrap: kurtosis(panel, bootstrap=bootstrap)[0],
    "tail index": lambda panel, bootstrap: tail_index(panel, bootstrap=bootstrap)[0],
    "clustering": lambda panel, bootstrap: volatility_clustering(panel, 10, bootstrap=bootstrap)[0],
    "autocorrelation": lambda panel, bootstrap: autocorrelation(panel, 1, bootstrap=bootstrap)[0, 0],
    "leverage": lambda panel, bootstrap: leverage(panel, 1, bootstrap=bootstrap)[0, 0],
}


def run(folder: Path, quick: bool) -> None:
    """Fit the generators, and write the table, the numbers and the plots."""
    bootstrap = Bootstrap(draws=50 if quick else 1000)
    told: dict[str, Any] = {}
    drawn: dict[str, dict[str, TimeSeries]] = {}
    for name, load in list(RECORDS.items())[: 1 if quick else None]:
        record = load()
        real = {"train": panel_of(record.train), "test": panel_of(record.test)}
        told[name] = {
            "source": record.source,
            "rows": {f"real, {part}": _of_real(real, part, bootstrap) for part in real},
        }
        drawn[name] = dict(real)
        for method, fit in GENERATORS.items():
            fake = sampled(fit(record, quick), 40 if quick else WINDOWS)
            told[name]["rows"][method] = {**_statistics(fake, bootstrap), **_scores(real, fake, bootstrap)}
            drawn[name][method] = fake
            print(name, method, {key: f"{value}" for key, value in told[name]["rows"][method].items()}, flush=True)
    (folder / "returns.json").write_text(json.dumps(_numbers(told), indent=1) + "\n", encoding="utf-8")
    (folder / "returns.md").write_text(table(told), encoding="utf-8")
    shown = {name: {m: p for m, p in panels.items() if "seed" not in m} for name, panels in drawn.items()}
    picture(shown).savefig(folder / "returns.png")
    for name, panels in drawn.items():
        beside = plot_generated(panels["train"], panels[NEURAL], time="day")
        beside.savefig(folder / f"returns_{name.split()[0].replace('&', '').lower()}.png")


def sampled(models: list[Any], windows: int, seed: int = 0) -> TimeSeries:
    """Windows from all models, the same number from each."""
    ts = jnp.arange(DAYS + 1.0)
    keys = jax.random.split(jax.random.key(seed), (len(models), windows // len(models)))
    paths = [
        jax.vmap(lambda key, model=model: model.sample(ts, key=key))(each)
        for model, each in zip(models, keys, strict=True)
    ]
    return TimeSeries.from_arrays(np.concatenate([np.asarray(each, np.float64) for each in paths]))


def _statistics(panel: TimeSeries, bootstrap: Bootstrap) -> dict[str, Any]:
    return {name: measure(panel, bootstrap) for name, measure in STATISTICS.items()}


def _scores(real: dict[str, TimeSeries], fake: TimeSeries, bootstrap: Bootstrap) -> dict[str, Any]:
    found = {}
    for part, panel in real.items():
        distance = marginal_distance(panel, fake, of="increments", bootstrap=bootstrap)
        found[f"distance, {part}"] = distance.estimate[0]
        found[f"accuracy, {part}"] = real_against_fake(panel, fake, bootstrap=bootstrap).accuracy
    return found


def _of_real(real: dict[str, TimeSeries], part: str, bootstrap: Bootstrap) -> dict[str, Any]:
    return {**_statistics(real[part], bootstrap), "windows": len(real[part])}


def _numbers(told: Any) -> Any:
    """Convert to plain numbers for JSON."""
    if isinstance(told, dict):
        return {name: _numbers(value) for name, value in told.items()}
    return [told.value, told.low, told.high] if isinstance(told, Estimate) else told


def table(told: dict[str, Any]) -> str:
    """One table per record."""
    lines = ["# Daily returns", "", *_PREFACE]
    for name, record in told.items():
        rows = record["rows"]
        lines += ["", f"## {name}", "", _head(["", *STATISTICS, "kept of train", "kept of test"])]
        lines.append("| --- |" + " --- |" * (len(STATISTICS) + 2))
        for method, found in rows.items():
            kept = [_kept(rows[f"real, {part}"], found) for part in ("train", "test")]
            cells = ["—", "—"] if method.startswith("real") else kept
            lines.append(_head([method, *(f"{found[key]}" for key in STATISTICS), *cells]))
        scores = [key for key in rows[method] if key.startswith(("distance", "accuracy"))]
        lines += ["", _head(["", *scores]), "| --- |" + " --- |" * len(scores)]
        for method, found in rows.items():
            if not method.startswith("real"):
                lines.append(_head([method, *(f"{found[key]}" for key in scores)]))
        lines += ["", record["source"]]
    return "\n".join(lines) + "\n"


_FACTS = ("excess kurtosis", "tail index", "clustering")
"""The statistics that the experiment is about."""
_PREFACE = [
    f"Windows of {DAYS} days of logarithmic prices. What generates is fitted to the first 70% of days, each asset",
    f"scaled by its deviation there, and gives {WINDOWS} windows. Intervals of 95% are by resampling windows, those",
    "of the same days together.",
    "",
    "*Clustering* is the mean autocorrelation of absolute returns over 10 days, *tail index* Hill's over the largest",
    "5%, *leverage* the correlation of a return with the squared one of the next day. *Kept* counts in how many of",
    "the intervals of the real kurtosis, tail index and clustering the generated number lies. *Distance* is",
    "Wasserstein's between returns, in deviations; *accuracy* is that of a classifier of windows, 0.5 being best.",
    "",
    "GARCH is fitted by likelihood with `arch`, one for each asset. The neural equation, one for all assets, has no",
    "likelihood: it is trained on laws of returns, so on what *distance* measures, and on those of differences between",
    "blocks of logarithmic sizes; its seeds differ in weights and draws. Random walk and reshuffled returns are there",
    "to be found out.",
]


def _kept(real: dict[str, Estimate], fake: dict[str, Estimate]) -> str:
    held = [bool(real[key].covers(fake[key].value)) for key in _FACTS]
    return f"{sum(held)} of {len(held)}"


def _head(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
