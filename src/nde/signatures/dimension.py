"""How many numbers a truncated signature and log-signature have."""


def signature_dimension(channels: int, depth: int) -> int:
    """The numbers of a signature, level 0 (which is 1) left out: `channels + channels^2 + ... + channels^depth`.

    Args:
        channels: Of the path.
        depth: The highest level.

    Returns:
        The length of what `nde.signatures.signature` returns.

    Raises:
        ValueError: If one of them is less than one.

    Example:
        ```python
        import nde

        print(nde.signatures.signature_dimension(channels=3, depth=2))
        ```
    """
    check_sizes("signature_dimension", channels, depth)
    return sum(channels**k for k in range(1, depth + 1))


def logsignature_dimension(channels: int, depth: int) -> int:
    """The numbers of a log-signature: the dimension of the free Lie algebra up to a level, by Witt's formula.

    Level `k` has `1/k sum_{d | k} mu(d) channels^(k/d)` of them, with the Möbius function `mu`.

    Args:
        channels: Of the path.
        depth: The highest level.

    Returns:
        The length of what `nde.signatures.logsignature` returns.

    Raises:
        ValueError: If one of them is less than one.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import nde

        print(nde.signatures.logsignature_dimension(channels=3, depth=2))  # 6 numbers
        print(nde.signatures.signature_dimension(channels=3, depth=2))  # 12
        ```
    """
    check_sizes("logsignature_dimension", channels, depth)
    return sum(_witt(channels, k) for k in range(1, depth + 1))


def depth_of(name: str, dimension: int, channels: int) -> int:
    """The depth of a signature of so many numbers.

    Args:
        name: Of the function that asks, for the message.
        dimension: The numbers of the signature.
        channels: Of the path.

    Raises:
        ValueError: If no depth fits.
    """
    check_sizes(name, channels, 1)
    depth, found = 1, channels
    while found < dimension:
        depth += 1
        found += channels**depth
    if found != dimension:
        raise ValueError(
            f"`{name}` got an array with {dimension} numbers along its last axis for {channels} channels; signatures "
            f"of these have {_some_dimensions(channels)} ... of them. Level 0, which is 1, is left out."
        )
    return depth


def check_sizes(name: str, channels: int, depth: int) -> None:
    """Refuse less than one channel, or less than one level."""
    for what, number in (("channels", channels), ("depth", depth)):
        if number < 1:
            raise ValueError(f"`{name}` got {what}={number}; it wants 1 or more.")


def _witt(channels: int, level: int) -> int:
    return sum(_moebius(d) * channels ** (level // d) for d in range(1, level + 1) if level % d == 0) // level


def _moebius(n: int) -> int:
    """Zero if a square divides `n`, else -1 to the number of its primes."""
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
