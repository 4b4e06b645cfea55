"""The Japanese Vowels data set.

Source: Kudo, Toyama and Shimbo (1999), Multidimensional curve classification using passing-through regions,
doi:10.1016/S0167-8655(99)00077-X; UCI Machine Learning Repository, CC BY 4.0.
"""

from importlib import resources

import numpy as np

from nde.data.panel import TimeSeries, read_panel

JAPANESE_VOWELS_SOURCE = (
    "Japanese Vowels: M. Kudo, J. Toyama and M. Shimbo, Multidimensional curve classification using passing-through "
    "regions, Pattern Recognition Letters 20 (1999), doi:10.1016/S0167-8655(99)00077-X; UCI Machine Learning "
    "Repository, CC BY 4.0; values rounded to six digits."
)


def load_japanese_vowels() -> tuple[TimeSeries, TimeSeries]:
    """Load the Japanese Vowels data set: utterances of the vowels /ae/ by nine male speakers, to identify the speaker.

    Each series is one utterance of 7 to 29 frames; the twelve channels are LPC cepstrum coefficients. The target is the
    speaker, from 1 to 9. The split is the official one: 270 training series, 30 for each speaker, and 370 test series.

    Returns:
        The training panel and the test panel.

    Source:
        Kudo, Toyama and Shimbo (1999), doi:10.1016/S0167-8655(99)00077-X; CC BY 4.0.

    Example:
        ```python
        from nde.data import load_japanese_vowels

        train, test = load_japanese_vowels()
        print(train, test[0].target)
        ```
    """
    with resources.as_file(resources.files("nde.data") / "japanese_vowels.csv.gz") as path:
        read = read_panel(path, series="series", time="time", target="speaker", labels=["split"])
    trains = np.array(read.labels["split"] == "train", bool)
    return read.panel[trains], read.panel[~trains]
