"""Which weights matter? Scores of weights, and what follows when some are changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_references

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


class Perturbing(Opened):
    """Methods that score and change weights; the files stay as they are."""

    def sensitivity(
        self,
        *references: AnyPath,
        probe_set: AnyPath = "small_texts",
        metrics: Sequence[str] | None = None,
        topk: int = 100,
        head_topk: int = 10,
        samples: int = 0,
        seed: int = 0,
        probes: int = 32,
        exact_limit: int = 1024,
        window: int = 0,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        batch_tokens: int = 2048,
        memory: str | int | None = None,
        threads: int | None = None,
        replace: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """Score how much the loss depends on each weight of models.

        One tensor's scores are held at a time; summaries and the largest are kept.

        Args:
            references: Checkpoints, as `extract` takes them.
            probe_set: As for `probe`.
            metrics: Names of metrics, or `FILE.py:FUNCTION`; None: all but two slow
                ones, `hessian_diag` and `obs`.
            topk: Largest weights kept, of all and by layer.
            head_topk: Largest weights kept by head.
            samples: Windows drawn; 0 takes every one.
            seed: Of all that is drawn.
            probes: Of Hutchinson's estimate.
            exact_limit: Weights of a tensor with a `hessian_diag`, at most.
            window: Tokens seen at once; 0 is the model's own, at most 512.
            dtype: Of the weights while they run.
            device: Where it runs; auto takes cuda if there is one.
            batch_tokens: Places of a batch, at most.
            memory: As for `extract`.
            threads: As for `extract`.
            replace: Score again what was scored already.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One outcome per checkpoint; `.rows` are the critical weights of the model.

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
        options: dict[str, object] = {"topk": topk, "head_topk": head_topk}
        options |= {"samples": samples, "seed": seed, "probes": probes}
        options |= {"exact_limit": exact_limit, "window": window, "dtype": dtype}
        options["batch_tokens"] = batch_tokens
        if metrics is not None:
            options["metrics"] = tuple(metrics)
        return verbs.sensitivity(
            self.root,
            as_references(references),
            dataclasses.replace(settings, device=device),
            options,
            probe_set=as_references([probe_set])[0],
            notify=say,
        )

    def perturb(
        self,
        *references: AnyPath,
        probe_set: AnyPath = "small_texts",
        metric: str = "abs_grad_x_weight",
        operations: Sequence[str] = ("sign_flip",),
        scales: Sequence[float] = (1.0,),
        ks: Sequence[int] = (10, 100),
        selectors: Sequence[str] = ("",),
        draws: int = 200,
        seeds: int = 5,
        seed: int = 0,
        fresh: bool = True,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        threads: int | None = None,
        replace: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """Change the weights of the largest scores, and controls; files stay as is.

        Weights are chosen on the documents of even number and judged on the odd ones.
        The model is restored bit by bit after each change.

        Args:
            references: Checkpoints, as `extract` takes them.
            probe_set: As for `probe`; two documents at least.
            metric: Scores that choose, as of `sensitivity`.
            operations: sign_flip, scale, zero, gaussian, int8, int4.
            scales: Strengths: the noise in deviations of the tensor, the step of
                rounding, s of (1 + s)w.
            ks: How many weights.
            selectors: Which may be chosen: `component=q,layer=0`; `components` is one
                experiment for each component.
            draws: Of random weights of the same tensors and deciles of magnitude.
            seeds: Repetitions of a random change of the chosen weights.
            seed: Of all that is drawn.
            fresh: Whether the scores of a new model choose too, as a control.
            dtype: Of the weights while they run.
            device: Where it runs; auto takes cuda if there is one.
            threads: As for `extract`.
            replace: Run again what was run already.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One outcome per checkpoint; `.rows` are the effects, with p-values.

        Raises:
            AbsentError: Where a path leads nowhere.
            UsageError: For an option that means nothing.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            threads=threads, replace=replace, local_files_only=local_files_only
        )
        options: dict[str, object] = {"metric": metric, "draws": draws, "dtype": dtype}
        options |= {"operations": tuple(operations), "selectors": tuple(selectors)}
        options |= {"scales": tuple(map(float, scales)), "ks": tuple(ks)}
        options |= {"seeds": seeds, "seed": seed, "fresh": fresh}
        return verbs.perturb(
            self.root,
            as_references(references),
            dataclasses.replace(settings, device=device),
            options,
            probe_set=as_references([probe_set])[0],
            notify=say,
        )
