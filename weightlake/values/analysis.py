"""What a model did with a text, as a value that shows itself: frames and pictures."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.figures.files.output import save
from weightlake.values.frames import to_frame

if TYPE_CHECKING:
    import polars as pl

    from pipeline.figures import Figure
    from weightlake.verbs.analyzing import Analyzed

_BAR = 12  # cells of the longest bar


@dataclass(frozen=True, repr=False)
class TextAnalysis:
    """An analysis of one text: `tables` by name as Arrow tables, in `frames` as polars.

    tokens, heads, pairs, layers and neurons, those that were asked for.
    """

    analyzed: Analyzed

    @property
    def tables(self) -> dict[str, pa.Table]:
        return dict(self.analyzed.analysis.tables)

    @cached_property
    def frames(self) -> dict[str, pl.DataFrame]:
        return {name: to_frame(table) for name, table in self.tables.items()}

    def __getattr__(self, name: str) -> pl.DataFrame:
        """The frame of a table: tokens, heads, pairs, layers or neurons."""
        if name.startswith("_") or name not in self.tables:
            raise AttributeError(
                f"no table {name!r}: there are {', '.join(self.tables)}"
            )
        return self.frames[name]

    @property
    def notes(self) -> tuple[str, ...]:
        return self.analyzed.analysis.notes

    @property
    def summary(self) -> str:
        """One sentence: the model, its loss, what importance is about, and the time."""
        return f"{self.title}, {self.analyzed.seconds:.1f} s"

    @property
    def title(self) -> str:
        """The model, the length of the text, its loss, and what importance is about."""
        found = self.analyzed.analysis
        parts = [self.analyzed.model, f"{len(found.tokens)} tokens"]
        if found.loss is not None:
            parts.append(f"loss {found.loss:.3g}")
        if found.target == "next_token":
            parts.append(f"next token {found.target_token!r}")
        elif found.target:
            parts.append("importance for the direction of the mean last state")
        return ", ".join(parts)

    def with_bars(self) -> pa.Table:
        """The table of tokens with integrated gradients as bars."""
        table = self.tables["tokens"]
        values = table.column("integrated_gradients").to_pylist()
        most = max((abs(value) for value in values if value is not None), default=0.0)
        bars = [
            None if value is None or not most else _bar(value / most)
            for value in values
        ]
        return table.append_column("bar", pa.array(bars, pa.string()))

    def figure(
        self,
        name: str = "importance",
        *,
        layer: int | None = None,
        head: int | None = None,
    ) -> Figure:
        """A picture: importance, head_patterns, or attention.

        Attention shows the map of one head where both are named, else those of a layer,
        else the least uniform heads. Raises UsageError for another name, and for a
        head that is not there.
        """
        from pipeline.figures.charts.head_patterns import draw_head_patterns
        from pipeline.figures.charts.text_attention import draw_text_attention
        from pipeline.figures.charts.token_importance import draw_token_importance

        if name == "importance":
            return draw_token_importance(self.frames["tokens"], self.title)
        if name == "head_patterns" and "heads" in self.tables:
            return draw_head_patterns(self.frames["heads"], self.title)
        if name == "attention":
            found = self.analyzed.analysis
            maps = self._maps(layer, head)
            return draw_text_attention(maps, found.tokens, self.title)
        raise UsageError(
            f"there is no picture {name!r} of this analysis",
            fix="Use importance, attention, or head_patterns where that was asked for",
        )

    def save(self, folder: str | PathLike[str]) -> list[Path]:
        """Write each table as CSV, all as JSON, and the pictures as PNG; their paths.

        The folder is made if it is not there.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        written = []
        for name, frame in self.frames.items():
            path = target / f"{name}.csv"
            flat = [c for c in frame.columns if not frame[c].dtype.is_nested()]
            frame.select(flat).write_csv(path)
            written.append(path)
        path = target / "analysis.json"
        path.write_text(
            json.dumps(self.as_json(), ensure_ascii=False), encoding="utf-8"
        )
        written.append(path)
        pictures = ["importance", "attention"]
        pictures += ["head_patterns"] if "heads" in self.tables else []
        for name in pictures:
            path = target / f"{name}.png"
            save(self.figure(name), path)
            written.append(path)
        return written

    def as_json(self) -> dict[str, Any]:
        """Everything but the weights of pairs, as JSON can hold it."""
        found = self.analyzed.analysis
        importance = found.importance
        return {
            "model": self.analyzed.model,
            "text": self.analyzed.text,
            "loss": found.loss,
            "target": found.target or None,
            "target_token": found.target_token or None,
            "completeness_error": importance and importance.completeness_error,
            "seconds": self.analyzed.seconds,
            "notes": list(found.notes),
            **{name: table.to_pylist() for name, table in self.tables.items()},
        }

    def __repr__(self) -> str:
        return "\n".join([self.summary, *self.notes])

    def _repr_html_(self) -> str:
        lines = "".join(
            f"<p>{html.escape(line)}</p>" for line in repr(self).split("\n")
        )
        return lines + "".join(
            f"<h4>{name}</h4>{frame._repr_html_()}"
            for name, frame in self.frames.items()
        )

    def _maps(self, layer: int | None, head: int | None) -> list[tuple[str, Any]]:
        """(name, weights) of heads; without a layer, the least uniform come first."""
        import numpy as np

        found = []
        for place, weights in self.analyzed.analysis.weights.items():
            for number, one in enumerate(weights):
                is_asked = (layer is None or place.layer == layer) and (
                    head is None or number == head
                )
                if is_asked:
                    cross = " cross" if place.attention == "cross" else ""
                    entropy = -float((one * np.log(np.clip(one, 1e-12, 1))).sum())
                    name = f"layer {place.layer}, head {number}{cross}"
                    found.append((entropy, name, one))
        if not found and self.analyzed.analysis.weights:
            raise UsageError(
                f"there is no layer {layer}, head {head}",
                fix="Look at the table of heads",
            )
        if layer is None:
            found.sort(key=lambda one: one[0])
        return [(name, one) for _, name, one in found]


def _bar(share: float) -> str:
    """As long as the share is large; what is against the answer has a minus."""
    length = round(abs(share) * _BAR)
    return ("-" if share < 0 else "") + "█" * length
