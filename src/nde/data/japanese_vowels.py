"""Nine speakers who say two vowels.

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
    """Nine men say the two Japanese vowels /ae/; who says it is the target, from 1 to 9.

    Each series is one utterance of 7 to 29 frames; the twelve channels are LPC cepstrum coefficients. The panels are
    those of the official split: 270 series to train, 30 of each speaker, and 370 to test.

    Returns:
        The panel to train on and the one to test with.

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
