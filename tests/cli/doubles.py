"""A small stand-in for the estimators, with their interface: the class, or number, of the nearest mean."""

import types
from pathlib import Path

import numpy as np

import nde


class NearestMean:
    notes_ = ("The nearest mean is the only method.",)
    shares_, held_out_losses_ = {"nearest mean": 1.0}, {"nearest mean": 0.5}

    def __init__(self, steps=20, run=None, progress=None, classes=True):
        self.steps, self.run, self.progress, self.classes = steps, run, progress, classes

    def fit(self, panel: nde.TimeSeries, validation=None):
        targets = panel.targets
        self.classes_ = np.unique(targets)
        points = _means(panel)
        self.centers = np.stack([points[targets == each].mean(axis=0) for each in self.classes_])
        for done in range(self.steps):
            self.progress(done + 1, self.steps, 1 / (done + 1))
        step = np.arange(1, self.steps + 1)
        every = np.where(step % 5 == 0, 1.2 / step**0.5, np.nan)
        random = np.random.default_rng(0)
        self.history_ = types.SimpleNamespace(
            step=step, loss=np.exp(random.normal(size=len(step)) / 3) / step**0.7, validation=every
        )
        return self

    def predict_proba(self, panel: nde.TimeSeries):
        apart = ((_means(panel)[:, None] - self.centers) ** 2).sum(axis=2)
        chances = np.exp(-3 * (apart - apart.min(axis=1, keepdims=True)))
        return chances / chances.sum(axis=1, keepdims=True)

    def predict(self, panel: nde.TimeSeries):
        if self.classes:
            return self.classes_[self.predict_proba(panel).argmax(axis=1)]
        return self.predict_proba(panel) @ self.classes_

    def save(self, folder: Path):
        Path(folder).mkdir()
        np.savez(Path(folder) / "model.npz", centers=self.centers, classes=self.classes_, kind=self.classes)


def load(folder: Path):
    saved = np.load(Path(folder) / "model.npz")
    found = NearestMean(classes=bool(saved["kind"]))
    found.centers, found.classes_ = saved["centers"], saved["classes"]
    return found


def estimator(task, config, folder, progress):
    return NearestMean(config.steps or 200, folder, progress, task.name == "classes")


def _means(panel):
    known = ~np.isnan(panel.ys)
    sums = np.add.reduceat(np.where(known, panel.ys, 0.0), panel.starts)
    return sums / np.maximum(np.add.reduceat(known.astype(int), panel.starts), 1)


class Simple:
    """What goes on with the last value of each channel, or draws lines between its values; zero where it saw none."""

    def __init__(self, steps=20, progress=None):
        self.steps, self.progress = steps, progress

    def fit(self, panel: nde.TimeSeries):
        for done in range(self.steps):
            self.progress(done + 1, self.steps, 1.0)
        step = np.arange(1, self.steps + 1)
        self.history_ = types.SimpleNamespace(step=step, loss=2.0 - np.sqrt(step), validation=step * np.nan)
        self.rows_ = len(panel.ts)
        return self

    def save(self, folder: Path):
        Path(folder).mkdir()
        (Path(folder) / "kind.txt").write_text(type(self).__name__)


class LastValue(Simple):
    def predict(self, panel: nde.TimeSeries, times):
        return np.stack([[_known(series, -1)] * len(own) for series, own in zip(panel, times, strict=True)])


class Lines(Simple):
    def impute(self, panel: nde.TimeSeries, times):
        found = np.zeros((*times.shape, len(panel.channels)))
        for place, series in enumerate(panel):
            for channel, values in enumerate(series.ys.T):
                seen = ~np.isnan(values)
                if seen.any():
                    found[place, :, channel] = np.interp(times[place], series.ts[seen], values[seen])
        return found


def simple(task, config, folder, progress):
    return (Lines if task.name == "impute" else LastValue)(config.steps or 200, progress)


def load_simple(folder: Path):
    return {"Lines": Lines, "LastValue": LastValue}[(Path(folder) / "kind.txt").read_text()]()


def _known(series, place):
    return [values[~np.isnan(values)][place] if (~np.isnan(values)).any() else 0.0 for values in series.ys.T]


class Again(Simple):
    """Generates the first series that it saw, moved up or down at random, at any times."""

    def fit(self, panel: nde.TimeSeries):
        self.ts_, self.ys_, self.channels_ = panel[0].ts - panel[0].ts[0], panel[0].ys, panel.channels
        return super().fit(panel)

    def sample(self, n_samples, times=None, *, random_state=None):
        random = np.random.default_rng(random_state)
        shared = times is None or np.ndim(times[0]) == 0
        wanted = [self.ts_ if times is None else np.asarray(times)] * n_samples if shared else times
        lines = [[np.interp(each, self.ts_, y) for y in np.nan_to_num(self.ys_).T] for each in wanted]
        values = [np.stack(line, axis=1) + random.normal(size=len(self.channels_)) for line in lines]
        return nde.TimeSeries.from_arrays(values, wanted, channels=self.channels_)

    def save(self, folder: Path):
        Path(folder).mkdir()
        np.savez(Path(folder) / "model.npz", ts=self.ts_, ys=self.ys_, channels=self.channels_)


def again(task, config, folder, progress):
    return Again(config.steps or 20, progress)


def load_again(folder: Path):
    saved, found = np.load(Path(folder) / "model.npz"), Again()
    found.ts_, found.ys_, found.channels_ = saved["ts"], saved["ys"], tuple(saved["channels"])
    return found
