"""Classification and regression of series with neural controlled differential equations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from nde.estimators.supervised_series import AbstractSeriesSupervisedEstimator
from nde.estimators.targets import AbstractClassifier, AbstractRegressor
from nde.train.progress import Progress


class NeuralCDEClassifier(AbstractClassifier, AbstractSeriesSupervisedEstimator):
    """Classifier for irregular time series with missing values and varying lengths.

    It is an ensemble of neural controlled differential equations, mixed with plain methods on summary features. Series
    are normalized, and time, the running integrals of time and of the channels, and the observation count of each
    channel with missing values are added as channels. Each member of the ensemble leaves out another part of the
    series, stratified by class, and training stops when the log loss on the parts left out no longer falls. On these
    parts the temperature of the probabilities is chosen as well, and the shares of the ensemble, of a logistic
    regression, of a random forest and of the class frequencies in the prediction; that of the ensemble may be zero.
    `notes_` says in a sentence which method is the best. The defaults are meant to work for most data.

    If series have more than 1,000 rows, the neural CDE is a neural RDE, which reads windows of rows; if there are many
    channels, it reads linear combinations of them, which it learns.

    Args:
        model: The model of each member of the ensemble: `"neural-cde"`; `"neural-rde"`, for long series; or, for
            comparison, `"gru-dt"`, `"gru-d"` or `"ode-rnn"`.
        hidden_size: Size of the hidden state of each model.
        width: Width of the hidden layers of the vector field, if the model has one.
        depth: Number of hidden layers of the vector field.
        n_estimators: Number of models in the ensemble.
        max_iter: Number of training steps; by default 600, or ten epochs if that is more.
        batch_size: Number of series in a batch.
        learning_rate: Peak learning rate; it decays to zero along a cosine.
        weight_decay: Weight decay, as a multiple of the learning rate.
        plain_methods: Whether to mix the ensemble with plain methods; otherwise it predicts alone.
        series: For data frames, the column that identifies series.
        time: For data frames, the column of times.
        channels: For data frames, the columns of measurements; by default all remaining columns.
        static: For data frames, the columns of static features.
        target: For data frames, the column of classes.
        random_state: Seed for weights and batches; pass an integer for reproducible fits.
        checkpoint_dir: Folder for checkpoints and a log. If it holds a checkpoint of this fit, training resumes.
        progress: Whether to show a progress bar; by default only on a terminal. Or a function that is called after each
            step with the number of steps done, their total, and the loss.
        class_weight: The weight of each class: a dictionary; or `"balanced"`, so that all classes count the same; by
            default, series count the same.

    Attributes:
        classes_: The classes, sorted.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The log loss of each method on series that it was not fitted to.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        preparation_: The preprocessing of series.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926; for the temperature, Guo, Pleiss, Sun and Weinberger, *On calibration of
    modern neural networks* (2017), doi:10.48550/arXiv.1706.04599.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDEClassifier

        y = np.arange(40) % 2
        waves = np.sin((1 + y)[:, None] * np.linspace(0.0, 6.0, 20)) + np.random.default_rng(0).normal(0, 0.1, (40, 20))
        classifier = NeuralCDEClassifier(max_iter=50, random_state=0).fit(waves[:30], y[:30])
        print(classifier.score(waves[30:], y[30:]), classifier.notes_[0])
        ```
    """

    def __init__(
        self,
        *,
        model: str = "neural-cde",
        hidden_size: int = 32,
        width: int = 64,
        depth: int = 1,
        n_estimators: int = 5,
        max_iter: int | None = None,
        batch_size: int = 32,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.0,
        plain_methods: bool = True,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] | None = None,
        static: Sequence[str] = (),
        target: str | None = None,
        random_state: Any = None,
        checkpoint_dir: str | Path | None = None,
        progress: bool | Progress | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
    ) -> None:
        super().__init__(
            model=model,
            hidden_size=hidden_size,
            width=width,
            depth=depth,
            n_estimators=n_estimators,
            max_iter=max_iter,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            plain_methods=plain_methods,
            series=series,
            time=time,
            channels=channels,
            static=static,
            target=target,
            random_state=random_state,
            checkpoint_dir=checkpoint_dir,
            progress=progress,
        )
        self.class_weight = class_weight


class NeuralCDERegressor(AbstractRegressor, AbstractSeriesSupervisedEstimator):
    """Regressor for irregular time series with missing values and varying lengths, with one or several targets.

    Targets are standardized, and predictions are averaged over the ensemble and mixed with the mean, a ridge regression
    and a random forest by their squared errors. Otherwise like `NeuralCDEClassifier`.

    Args:
        parameters: As for `NeuralCDEClassifier`, without `class_weight`.

    Attributes:
        center_: Mean of each target.
        scale_: Standard deviation of each target.
        notes_: What was found and chosen, in sentences.
        shares_: The share of each method in the prediction.
        held_out_losses_: The RMSE of each method, in standard deviations, on series that it was not fitted to.
        model_: The fitted ensemble, a `nde.models.DeepEnsemble`.
        history_: The training history, a `nde.train.History`.
        n_iter_: Number of training steps made.
        preparation_: The preprocessing of series.

    Source: Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series*
    (2020), doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import numpy as np
        from nde.estimators import NeuralCDERegressor

        rate = np.random.default_rng(0).uniform(1.0, 2.0, 40)
        waves = np.sin(rate[:, None] * np.linspace(0.0, 6.0, 20))
        regressor = NeuralCDERegressor(max_iter=50, random_state=0).fit(waves[:30], rate[:30])
        print(regressor.score(waves[30:], rate[30:]))
        ```
    """
