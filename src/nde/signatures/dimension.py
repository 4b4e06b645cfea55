"""The sizes of truncated signatures and log-signatures."""


def signature_dimension(channels: int, depth: int) -> int:
    """Number of terms of a truncated signature: `channels + channels^2 + ... + channels^depth`.

    Level 0, which is always 1, is not counted.

    Args:
        channels: Number of channels of the path.
        depth: The highest level.

    Returns:
        The length of the array that `signature` returns.

    Raises:
        ValueError: If an argument is less than one.

    Example:
        ```python
        from nde.signatures import signature_dimension

        print(signature_dimension(channels=3, depth=2))
        ```
    """
    check_sizes("signature_dimension", channels, depth)
    return sum(channels**k for k in range(1, depth + 1))


def logsignature_dimension(channels: int, depth: int) -> int:
    """Number of coordinates of a log-signature: the dimension of the free Lie algebra up to a level.

    By Witt's formula, level `k` has `1/k sum_{d | k} mu(d) channels^(k/d)` of them, with the Möbius function `mu`.

    Args:
        channels: Number of channels of the path.
        depth: The highest level.

    Returns:
        The length of the array that `logsignature` returns.

    Raises:
        ValueError: If an argument is less than one.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        from nde.signatures import logsignature_dimension, signature_dimension

        print(logsignature_dimension(channels=3, depth=2), signature_dimension(channels=3, depth=2))
        ```
    """
    check_sizes("logsignature_dimension", channels, depth)
    return sum(_witt(channels, k) for k in range(1, depth + 1))


def depth_of(name: str, dimension: int, channels: int) -> int:
    """The depth of a signature with this number of terms.

    Args:
        name: Name of the public function, for error messages.
        dimension: Number of terms of the signature.
        channels: Number of channels of the path.

    Raises:
        ValueError: If no depth matches.
    """
    check_sizes(name, channels, 1)
    depth, found = 1, channels
    while found < dimension:
        depth += 1
        found += channels**depth
    if found != dimension:
        raise ValueError(
            f"`{name}` got an array with {dimension} terms along its last axis for {channels} channels; signatures of "
            f"that many channels have {_some_dimensions(channels)}, ... terms. Level 0, which is 1, is left out."
        )
    return depth


def check_sizes(name: str, channels: int, depth: int) -> None:
    """Refuse fewer than one channel or one level."""
    for what, number in (("channels", channels), ("depth", depth)):
        if number < 1:
            raise ValueError(f"`{name}` got {what}={number}; it must be at least 1.")


def _witt(channels: int, level: int) -> int:
    return sum(_moebius(d) * channels ** (level // d) for d in range(1, level + 1) if level % d == 0) // level


def _moebius(n: int) -> int:
    """The Möbius function: zero if a square divides `n`, else -1 to the number of its prime factors."""
    sign, prime = 1, 2
    while n > 1:
        if n % prime == 0:
            n //= prime
            if n % prime == 0:
                return 0
            sign = -sign
        prime += 1
    return sign


def _some_dimensions(channels: int) -> str:
    return ", ".join(str(signature_dimension(channels, depth)) for depth in range(1, 5))
