"""Running: what passes a model that is run on texts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_references

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


class Running(Opened):
    """Methods that run models; no code of a model's repository is run."""

    def probe(
        self,
        *references: AnyPath,
        probe_set: AnyPath = "small_texts",
        window: int = 0,
        stride: int = 0,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        batch_tokens: int = 2048,
        lens: bool = True,
        skips: bool = False,
        cka: bool = True,
        attention: bool = True,
        gradients: bool = False,
        ablation: bool = False,
        memory: str | int | None = None,
        threads: int | None = None,
        replace: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """Run models on texts and measure what passes them.

        One checkpoint is loaded at a time, and no activation is kept. What is unchanged
        is not run again.

        Args:
            references: Checkpoints, as `extract` takes them.
            probe_set: A .txt, .jsonl or .parquet file; `small_texts`, which travels
                along; `repeated:16x256` or `uniform:16x256`, which are drawn.
            window: Tokens seen at once; 0 is the model's own, at most 512.
            stride: Tokens from window to window; 0 is half a window.
            dtype: Of the weights while they run.
            device: Where it runs; auto takes cuda if there is one.
            batch_tokens: Places of a batch, at most.
            lens: What each layer alone would predict.
            skips: The loss without each block: two forwards for each.
            cka: How alike the layers are, 0 to 1.
            attention: What each head looks at.
            gradients: What the loss owes to each head and neuron: two backward passes.
            ablation: The loss without each head, by a forward pass per head.
            memory: As for `extract`.
            threads: As for `extract`.
            replace: Run again what was run already.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One outcome per checkpoint; `.rows` is the behaviour of the models.

        Raises:
            AbsentError: Where a path leads nowhere.
            UsageError: For an option that means nothing.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            memory=None if memory is None else str(memory),
            threads=threads,
            replace=replace,
            local_files_only=local_files_only,
        )
        options = {"window": window, "stride": stride, "dtype": dtype}
        options |= {
            "batch_tokens": batch_tokens,
            "lens": lens,
            "cka": cka,
            "skips": skips,
        }
        options |= {"attention": attention, "gradients": gradients}
        options |= {"ablation": ablation}
        return verbs.probe(
            self.root,
            as_references(references),
            dataclasses.replace(settings, device=device),
            options,
            probe_set=as_references([probe_set])[0],
            notify=say,
        )
