"""How is a column, a number or a step written in a picture?"""

from __future__ import annotations

import math

from pipeline.tables import TABLES, Column

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# matplotlib's axes overflow near the limits of float64.
MOST_DRAWABLE = 1e100


def drawable(value: float | None) -> float:
    """`value`; NaN for null, infinite beyond 1e100 in magnitude, 0 under 1e-100."""
    if value is None:
        return math.nan
    if abs(value) > MOST_DRAWABLE:
        return math.copysign(math.inf, value)
    return 0.0 if abs(value) < 1 / MOST_DRAWABLE else value


def find_column(name: str) -> Column | None:
    """The declaration of a metric or key; None for names of a log or a user."""
    for table in TABLES:
        names = [column.name for column in table.columns]
        # The loss that training logged is not the loss on a probe set, in nats.
        if name in names and not table.name.startswith("probe_"):
            return table.columns[names.index(name)]
    return None


def label_of(name: str) -> str:
    """`int8_tensor_sqnr_db` → `int8 tensor sqnr (dB)`; unknown names as they are."""
    column = find_column(name)
    if column is None:
        return name
    words = name.replace("_", " ")
    unit = column.unit
    if not unit or unit.rstrip("s") == words or words.endswith(" fraction"):
        return words
    ending = f" {unit.lower()}"
    return f"{words.removesuffix(ending)} ({unit})"


def short_number(value: float, digits: int = 4) -> str:
    """At most `digits` significant digits: 0.0123, 1.2k, 143k, 3.4e-7."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    size = abs(value)
    if size >= 1e15 or size < 1e-4:
        return (
            f"{value:.2g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        )
    for power, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= power:
            return f"{value / power:.{digits}g}{suffix}"
    return f"{value:.{digits}g}"


def power_of_ten(value: float) -> str:
    """`1e-07` → `10⁻⁷` as plain text; 1 to 1000 are written in full."""
    if value == 0:
        return "0"
    sign = "−" if value < 0 else ""
    exponent = round(math.log10(abs(value)))
    if 0 <= exponent <= 3:
        return f"{sign}{10**exponent:,}"
    return f"{sign}10{str(exponent).translate(_SUPERSCRIPTS)}"
