"""The order of day, month and year in a column of dates."""

from collections.abc import Collection, Sequence

from nde.data.files.read_options import DATE_ORDERS
from nde.data.table import DataError
from nde.data.times.dates import has_points, parse_date, possible_orders


def date_order(texts: Sequence[str], name: str, given: str | None) -> str | None:
    """The order of day, month and year that suits all dates of three numbers; `None` if there are no such dates.

    Args:
        texts: The dates.
        name: The name of their column, for messages.
        given: The order, if it is given.

    Raises:
        DataError: If several do.
    """
    possible = {text: orders for text in set(texts) if (orders := possible_orders(text))}
    if not possible:
        return None
    if given in DATE_ORDERS:
        return given
    left = set.intersection(*possible.values())
    if len(left) > 1 and any(map(has_points, possible)):
        left &= {"dmy"}
    # 30-01-24 and 31-01-24 are of one year, unless the year comes first.
    if left == {"dmy", "ymd"} and len(_years(possible, "dmy")) < len(_years(possible, "ymd")):
        left = {"dmy"}
    if len(left) == 1:
        return left.pop()
    first = next(text for text in texts if text in possible)
    if not left:
        raise DataError(
            f"Time column '{name}' has dates such as '{first}' with day and month in different orders; write them as "
            "2024-01-31."
        )
    orders = " or ".join(
        f"{date.moment.date()!s} (--date-format {order})"
        for order in sorted(left)
        if (date := parse_date(first, order)) is not None
    )
    raise DataError(f"Time column '{name}' has dates such as '{first}', which may be {orders}; give --date-format.")


def _years(texts: Collection[str], order: str) -> set[int]:
    return {date.moment.year for text in texts if (date := parse_date(text, order)) is not None}
