"""Gaps of many series: lines, linear SDEs and other channels, compared on hidden values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import nde
from nde.data import DataError
from nde.estimators import PanelImputer, load_estimator
from nde.estimators.forecasting.history import History
from nde.estimators.panels import gap_comparison
from nde.estimators.panels.axis import axes_of
from nde.estimators.panels.gap_comparison import GapMethod, GapScore
from nde.estimators.panels.gaps import Gap, _pieces
from nde.estimators.panels.hiding import hide_values, repeat_series
from nde.estimators.panels.other_channels import OtherChannels

LINE = "linear interpolation"


def gappy(values: np.ndarray, share: float = 0.2, seed: int = 0) -> np.ndarray:
    """Values with gaps at random."""
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


def test_lines_fill_gaps_and_nothing_else_changes():
    ys = np.array([[0.0, np.nan, 4.0, np.nan], [1.0, 1.0, np.nan, 7.0]])
    filled = PanelImputer(methods=[LINE], random_state=0).fit_transform(ys)
    np.testing.assert_allclose(filled.ys[:, 0], [0, 2, 4, 4, 1, 1, 4, 7])


def test_lines_are_kept_where_another_method_leads_by_chance():
    random = np.random.default_rng(0)
    line = 1 + random.uniform(size=12)
    noisy = line - 0.2 + 0.9 * np.tile([-1, 1], 6)
    assert noisy.mean() < 0.95 * line.mean()
    assert gap_comparison.choose({LINE: line, "other": noisy}) == LINE
    assert gap_comparison.choose({LINE: line, "other": line - 0.2}) == "other"
    assert gap_comparison.choose({LINE: line, "other": line - 0.01}) == LINE
    assert gap_comparison.choose({LINE: line[:1], "other": line[:1] - 0.2}) == "other"
    assert gap_comparison.choose({LINE: line, "other": np.full(12, np.inf)}) == LINE
    assert gap_comparison.choose({"a": line, "other": noisy}) == "other"


def test_one_series_needs_no_name():
    """A frame of dates and values, with the dates as index or in a column; a column of it, a panel and a record."""
    days = pd.date_range("2024-01-01", periods=6)
    frame = pd.DataFrame({"value": [0.0, 1.0, np.nan, 3.0, 4.0, 6.0], "wind": np.arange(6.0)}, index=days)
    panel = nde.TimeSeries.from_frame(frame)
    in_column = frame.reset_index(names="date")
    for given, time in ((frame, None), (in_column, "date"), (frame["value"], None), (panel, None), (panel[0], None)):
        filled = PanelImputer(methods=[LINE], time=time, random_state=0).fit_transform(given)
        np.testing.assert_allclose(filled.ys[:, 0], [0, 1, 2, 3, 4, 6])
        assert len(filled) == 1


def test_times_may_be_any_and_in_any_order():
    ys = np.array([[0.0, np.nan, 4.0, 6.0]])
    imputer = PanelImputer(methods=[LINE], random_state=0).fit(ys)
    np.testing.assert_allclose(imputer.impute(ys, [2.5, -1.0, 1.0])[0, :, 0], [5.0, 0.0, 2.0])


def test_a_series_without_a_value_gets_the_mean():
    panel = nde.TimeSeries.from_arrays([[[1.0, np.nan], [2.0, np.nan]], [[3.0, 4.0], [4.0, 6.0]]])
    filled = PanelImputer(methods=[LINE], random_state=0).fit_transform(panel)
    np.testing.assert_allclose(filled.ys[:2, 1], 5.0)


def test_hidden_values_are_some_of_each_channel():
    panel = nde.TimeSeries.from_arrays(gappy(np.random.default_rng(0).normal(size=(3, 40, 2)), 0.3))
    seen = hide_values(panel, seed=0)
    for before, after in zip(panel, seen, strict=True):
        hidden = np.isnan(after.ys) & ~np.isnan(before.ys)
        share = hidden.sum(axis=0) / (~np.isnan(before.ys)).sum(axis=0)
        assert ((share > 0.05) & (share < 0.35)).all()
    assert (np.isnan(hide_values(panel, seed=1).ys) != np.isnan(seen.ys)).any()
    assert len(repeat_series(panel)) == 9
    long = nde.TimeSeries.from_arrays(np.zeros((1, 1000)))
    assert repeat_series(long) is long


def test_pieces_of_a_long_series_cover_all_times_once():
    ts = np.arange(3_000.0)
    pieces = _pieces(Gap(0, History(ts, ts), np.arange(-1.0, 3_001.0, 0.7)), 0)
    places = np.concatenate([piece.places for piece in pieces])
    np.testing.assert_array_equal(np.sort(places), np.arange(len(places)))
    assert max(len(piece.history.ts) for piece in pieces) <= 1_000
    inner = pieces[1]
    assert inner.history.ts[0] < inner.query.min() - 200
    assert inner.history.ts[-1] > inner.query.max() + 200


def test_weights_of_other_channels_are_recovered():
    random = np.random.default_rng(0)
    others, levels = random.normal(size=(4, 50, 2)), random.normal(size=(4, 1))
    own = levels + others @ [2.0, -1.0]
    panel = nde.TimeSeries.from_arrays(np.concatenate([own[..., None], others], axis=-1))
    axes = axes_of(panel)
    found = OtherChannels.fit(panel, axes, 0)
    assert found is not None
    np.testing.assert_allclose(found.weights, [2.0, -1.0], atol=1e-2)
    expected = own[1] - own[1].mean()
    np.testing.assert_allclose(found.at(panel, axes, 1, axes[1].steps), expected, atol=0.05)
    assert OtherChannels.fit(nde.TimeSeries.from_arrays(own), axes, 0) is None


def test_smoothing_and_other_channels_beat_lines_and_are_saved(tmp_path):
    """Of two noisy channels, the second of which follows the first."""
    random, ts = np.random.default_rng(0), np.arange(60)
    wave = np.sin(0.2 * ts)[None] + 0.5 * random.normal(size=(2, 60))
    clean = np.stack([wave, 2 * wave + 0.1 * random.normal(size=(2, 60))], axis=-1)
    ys = gappy(clean)
    imputer, gaps = PanelImputer(random_state=0).fit(ys), np.isnan(ys)
    filled = imputer.transform(ys).ys.reshape(clean.shape)
    lines = PanelImputer(methods=[LINE], random_state=0).fit_transform(ys).ys.reshape(clean.shape)
    np.testing.assert_array_equal(filled[~gaps], clean[~gaps])
    for channel in range(2):
        own = gaps[..., channel]
        ours, theirs = ((each - clean)[..., channel][own] for each in (filled, lines))
        assert np.mean(ours**2) < 0.6 * np.mean(theirs**2)
    assert "below that of linear interpolation" in imputer.summary()
    assert clone(imputer).get_params() == imputer.get_params()
    imputer.save(tmp_path)
    np.testing.assert_allclose(load_estimator(tmp_path).transform(ys).ys, filled.reshape(-1, 2), rtol=1e-9)


def test_a_series_is_filled_alike_alone_and_among_others_if_all_share_parameters(monkeypatch):
    monkeypatch.setattr(gap_comparison, "MOST_FITTED", 60)
    random, ts = np.random.default_rng(0), np.arange(30)
    ys = gappy(np.sin(0.3 * ts + np.arange(6)[:, None])[..., None] + 0.2 * random.normal(size=(6, 30, 1)))
    imputer = PanelImputer(methods=["linear SDE"], random_state=0).fit(ys)
    np.testing.assert_allclose(imputer.transform(ys[2:3]).ys, imputer.transform(ys)[[2]].ys, rtol=1e-9)


def test_who_won_is_said():
    def sentence(method: str, *errors: float) -> str:
        scores = [GapScore(name, error, error) for name, error in zip((LINE, "linear SDE"), errors, strict=False)]
        return GapMethod(method, None, {}, 0.0, scores).sentence("x")

    assert sentence(LINE, 1.0, 2.0) == "x: linear interpolation is better than every model here."
    assert sentence("linear SDE", 1.0, 0.75).endswith("Its error is 25% below that of linear interpolation.")
    assert "too short to compare" in sentence(LINE)


def test_misuse_raises_clear_errors():
    imputer = PanelImputer(methods=[LINE], random_state=0).fit(np.ones((2, 5)))
    with pytest.raises(DataError, match="fitted to channels x0"):
        imputer.transform(np.ones((2, 5, 2)))
    with pytest.raises(ValueError, match=r"methods must be some of .*; got \['knn'\]"):
        PanelImputer(methods=["knn"]).fit(np.ones((2, 5)))
