"""Estimators that transform series, and return them as a panel or a data frame."""

from typing import TYPE_CHECKING, Any, Union

import numpy as np
import sklearn
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from nde.data.panel import TimeSeries

if TYPE_CHECKING:
    import pandas

_CONTAINERS = ("default", "pandas")


class SeriesTransformer(TransformerMixin, auto_wrap_output_keys=None):
    """Base of estimators that transform series.

    Attributes:
        channels_: The channels that the estimator was fitted to.
    """

    channels_: tuple[str, ...]

    def set_output(self, *, transform: str | None = None) -> "SeriesTransformer":
        """Choose what `transform` and `fit_transform` return.

        Args:
            transform: `"default"` for a `nde.TimeSeries`; `"pandas"` for a data frame indexed by series and time, with
                a column for each channel; `None` for no change.

        Returns:
            The estimator.

        Raises:
            ValueError: If there is no such output.

        Example:
            ```python
            import numpy as np
            from nde.estimators import PanelImputer

            imputer = PanelImputer(methods=["linear interpolation"], random_state=0).set_output(transform="pandas")
            print(imputer.fit_transform([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]]).head(3))
            ```
        """
        if transform is not None:
            # `sklearn.base.clone` copies this attribute.
            self._sklearn_output_config = {"transform": _checked_container(transform)}
        return self

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the channels, which are the columns of a data frame that `transform` returns.

        Args:
            input_features: The names of the channels or `None`.

        Returns:
            The names, of shape `(channels,)`.

        Raises:
            NotFittedError: If the estimator is not fitted.
            ValueError: If `input_features` are other names.
        """
        check_is_fitted(self)
        if input_features is not None and tuple(input_features) != self.channels_:
            raise ValueError(
                f"input_features must be the channels that the estimator was fitted to, {', '.join(self.channels_)}; "
                f"got {', '.join(map(str, input_features))}."
            )
        return np.array(self.channels_, object)

    def _as_output(self, panel: TimeSeries) -> Union[TimeSeries, "pandas.DataFrame"]:
        """A panel in the container that was chosen."""
        return panel.to_frame() if self._container() == "pandas" else panel

    def _container(self) -> str:
        """What `transform` returns, chosen for this estimator or for all of scikit-learn."""
        own = getattr(self, "_sklearn_output_config", {})
        return _checked_container(own.get("transform", sklearn.get_config()["transform_output"]))


def _checked_container(name: str) -> str:
    if name not in _CONTAINERS:
        raise ValueError(
            f"transform must be {' or '.join(map(repr, _CONTAINERS))}; got {name!r}. A frame of polars is "
            "`polars.from_pandas(frame.reset_index())`."
        )
    return name
