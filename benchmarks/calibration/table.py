"""What is a measured rate, and how does it become a row of docs/calibration.md?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = Path("docs/calibration.md")


@dataclass(frozen=True)
class Rate:
    """`n_hits` of `n`, of a truth or null in words; `stated` in words: "≤ 1 %"."""

    case: str
    stated: str
    n: int
    n_hits: int

    def row(self) -> str:
        from statsmodels.stats.proportion import proportion_confint

        low, high = proportion_confint(self.n_hits, self.n, method="wilson")
        share = f"{self.n_hits / self.n:.1%}".replace("%", " %")
        return (
            f"| {self.case} | {self.n:,} | {self.stated} | {share} "
            f"| {100 * low:.1f} to {100 * high:.1f} % |"
        )


def as_section(title: str, intro: str, rates: list[Rate]) -> str:
    head = "| null or truth | n | stated | measured | 95 % interval |"
    rows = [rate.row() for rate in rates]
    return "\n".join(
        [f"## {title}", "", intro, "", head, "|---|---|---|---|---|", *rows]
    )


def put_section(name: str, section: str, *, page: Path = PAGE) -> None:
    """Replace the part of the page between the marks of `name`, or add it."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    part = f"{begin}\n{section}\n{end}"
    if begin in text:
        before, rest = text.split(begin, 1)
        text = before + part + rest.split(end, 1)[1]
    else:
        text = text.rstrip("\n") + "\n\n" + part + "\n"
    page.write_text(text, encoding="utf-8")
