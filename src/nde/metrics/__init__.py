"""Metrics for generated time series: scores and statistics with confidence intervals."""

from nde.metrics._autocorrelation import autocorrelation, leverage, volatility_clustering
from nde.metrics._real_against_fake import Discrimination, real_against_fake
from nde.metrics._train_on_synthetic import Prediction, train_on_synthetic
from nde.metrics.bootstrap import Bootstrap
from nde.metrics.compare import compare_series
from nde.metrics.comparison import Comparison, Score, Statistic
from nde.metrics.estimate import Distance, Estimate
from nde.metrics.features import series_features, signature_features
from nde.metrics.marginal import marginal_distance
from nde.metrics.mmd import feature_mmd, signature_feature_mmd
from nde.metrics.tails import deviation, kurtosis, tail_index

__all__ = [
    "Bootstrap",
    "Comparison",
    "Discrimination",
    "Distance",
    "Estimate",
    "Prediction",
    "Score",
    "Statistic",
    "autocorrelation",
    "compare_series",
    "deviation",
    "feature_mmd",
    "kurtosis",
    "leverage",
    "marginal_distance",
    "real_against_fake",
    "series_features",
    "signature_feature_mmd",
    "signature_features",
    "tail_index",
    "train_on_synthetic",
    "volatility_clustering",
]
