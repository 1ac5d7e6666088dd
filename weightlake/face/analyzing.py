"""Analysing: what one model does with one text, without a warehouse's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import fspath
from typing import TYPE_CHECKING, Literal

from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_words

if TYPE_CHECKING:
    from pipeline.figures import Figure
    from pipeline.probes.estimate import Estimate
    from weightlake.values.analysis import TextAnalysis
    from weightlake.verbs.analyzing import Model


class Analyzer:
    """One model that texts are run on; it is loaded once, at the first text.

    Made by `lake.analyzer(model)`. The names of its methods are those that people know
    from toolkits of this kind.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._last: TextAnalysis | None = None

    def analyze(
        self, text: str, methods: str | Sequence[str] = (), *, most_tokens: int = 0
    ) -> TextAnalysis:
        """What the model does with a text.

        Args:
            text: One text.
            methods: attention, importance, head_patterns, activations; all by default.
            most_tokens: Longer texts have no exact weights and no importance of single
                tokens; 256 by default.

        Returns:
            TextAnalysis:
            Frames tokens, heads, pairs, layers and neurons, and pictures.

        Raises:
            UsageError: For a method that there is none of, and an empty text.
            SourceError: Where the model cannot be loaded, or run within the memory.

        """
        from weightlake.values.analysis import TextAnalysis  # brings pyarrow

        found = verbs.analyze(
            self._model, text, as_words(methods), most_tokens=most_tokens
        )
        self._last = TextAnalysis(found)
        return self._last

    def analyze_efficient(
        self,
        text: str,
        methods: str | Sequence[str] = (),
        *,
        use_chunking: bool = True,
        max_length: int = 512,
    ) -> TextAnalysis:
        """The same for a text of any length: what is longer runs in windows.

        Args:
            text: One text.
            methods: As for `analyze`.
            use_chunking: Without it only the first `max_length` tokens' worth of
                characters, four each, are run.
            max_length: Tokens up to which weights and importance are exact.

        Returns:
            TextAnalysis:
            As `analyze`.

        """
        kept = text if use_chunking else text[: 4 * max_length]
        return self.analyze(kept, methods, most_tokens=max_length)

    def analyze_document_streaming(
        self, document: str, window_size: int = 512, stride: int = 256
    ) -> Iterator[TextAnalysis]:
        """One analysis after another, of windows of a document.

        Args:
            document: One text, of any length.
            window_size: Words of a window.
            stride: Words from window to window.

        Yields:
            TextAnalysis:
            Of each window, the last of which may be shorter.

        Raises:
            UsageError: For sizes below 1.

        """
        from pipeline.errors import UsageError

        if window_size < 1 or stride < 1:
            raise UsageError("window_size and stride are below 1", fix="Give words")
        words = document.split()
        for first in range(0, max(len(words), 1), stride):
            yield self.analyze(" ".join(words[first : first + window_size]))
            if first + window_size >= len(words):
                return

    def estimate_processing_requirements(
        self, text: str, methods: str | Sequence[str] = ()
    ) -> Estimate:
        """`memory_bytes`, `seconds` and `n_tokens`; nothing is run."""
        return verbs.plan_analyze(self._model, text, as_words(methods))

    def visualize_attention(
        self,
        layer: int | None = None,
        head: int | None = None,
        save_path: AnyPath | None = None,
    ) -> Figure:
        """The attention on the last text, of one head, a layer, or the least uniform.

        Args:
            layer: 0-based; all by default.
            head: 0-based; all by default.
            save_path: A file to write it to, by its suffix.

        Returns:
            Figure:
            Of matplotlib, shown by Jupyter.

        Raises:
            UsageError: Where no text was analysed yet, or the head is not there.

        """
        from pathlib import Path

        from pipeline.errors import UsageError
        from pipeline.figures import save  # brings matplotlib's names

        if self._last is None:
            raise UsageError("no text was analysed yet", fix="Call analyze first")
        figure = self._last.figure("attention", layer=layer, head=head)
        if save_path is not None:
            save(figure, Path(save_path))
        return figure


class Analyzing(Opened):
    """Methods that run one model on one text."""

    def analyze(
        self,
        model: AnyPath,
        text: str,
        methods: str | Sequence[str] = (),
        *,
        most_tokens: int = 0,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        memory: str | int | None = None,
        threads: int | None = None,
        local_files_only: bool = False,
    ) -> TextAnalysis:
        """What a model does with a text, now; nothing is stored.

        Args:
            model: A folder, `org/name@revision`, or a model of this warehouse by name.
            text: One text.
            methods: attention, importance, head_patterns, activations; all by default.
            most_tokens: Longer texts have no exact weights and no importance of single
                tokens; 256 by default.
            dtype: Of the weights while they run.
            device: Where it runs; auto takes cuda if there is one.
            memory: As for `extract`.
            threads: As for `extract`.
            local_files_only: As for `extract`.

        Returns:
            TextAnalysis:
            Frames tokens, heads, pairs, layers and neurons, and pictures:
            `.figure("importance")`, `.figure("attention", layer=0, head=1)`.

        Raises:
            AbsentError: Where no model is called so.
            UsageError: Where the name means several checkpoints, for a method that
                there is none of, and an empty text.
            SourceError: Where the model cannot be loaded, or run within the memory.

        """
        analyzer = self.analyzer(
            model,
            dtype=dtype,
            device=device,
            memory=memory,
            threads=threads,
            local_files_only=local_files_only,
        )
        return analyzer.analyze(text, methods, most_tokens=most_tokens)

    def analyzer(
        self,
        model: AnyPath,
        *,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        memory: str | int | None = None,
        threads: int | None = None,
        local_files_only: bool = False,
    ) -> Analyzer:
        """A model that several texts are run on; it is loaded once.

        Args:
            model: As for `analyze`, as all that follows.
            dtype: As for `analyze`.
            device: As for `analyze`.
            memory: As for `extract`.
            threads: As for `extract`.
            local_files_only: As for `extract`.

        Returns:
            Analyzer:
            With `analyze`, `analyze_document_streaming` and others.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            memory=None if memory is None else str(memory),
            threads=threads,
            local_files_only=local_files_only,
        )
        found = verbs.find_model(
            self.root, fspath(model), settings, dtype=dtype, device=device
        )
        return Analyzer(found)
