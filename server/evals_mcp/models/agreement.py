"""Agreement of evaluators: the rows of the answer. `evals_mcp.statistics` computes them."""

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows

LISTED_OPTIONS = 8
"""Cross tables of more options are left out."""


class Estimate(Model):
    """A figure with its 95 % interval. Without bounds, it has none."""

    value: float
    low: float | None = None
    high: float | None = None


class Rater(Model):
    """An evaluator version that judged, as attached, or one author of its judgments.

    `judged_version_id` is the version that gave the judgments: another than the attached one may count for it.
    `examples` counts the logs that are left out, because its prompt shows them as examples.
    """

    evaluator_version_id: str
    judged_version_id: str
    author: str | None = None
    logs: int
    examples: Defaulted[int] = 0


class RaterPair(Model):
    """Two raters, as indexes of `AgreementRows.raters`, over the logs that both judged.

    `agreement` is the rate of equal judgments. `kappa` is Cohen's; `alpha` is Krippendorff's for intervals, of numbers.
    Without them, `constant` or chance explains: all judgments are equal. `table` counts logs by the first's option (a
    row) and the second's; a log of several authors counts once, in shares.
    """

    first: int
    second: int
    logs: int
    datapoints: int
    agreement: Estimate
    kappa: Estimate | None = None
    alpha: Estimate | None = None
    difference: Estimate | None = None
    constant: Defaulted[list[int]] = Field(default_factory=list)
    options: Defaulted[list[str]] = Field(default_factory=list)
    table: Defaulted[list[list[float]]] = Field(default_factory=list)


class RaterGroup(Model):
    """Three or more raters that give the same kind of judgments: Krippendorff's alpha over logs that two judged.

    None if all judgments are equal.
    """

    raters: list[int]
    logs: int
    is_interval: bool
    alpha: Estimate | None = None


class CorrectedRate(Model):
    """The rate of the first of two options that people would give to the logs of a run (None: of all runs).

    `judge_rate` is the judge's over `logs`, `labels` of which people judged. `method`: `labels` of these logs and the
    judge's judgments of all (prediction-powered), or `errors`: the judge's rates of error on the other runs
    (Rogan-Gladen). `uneven_p` tests that the judge gives it as often with and without a label.
    """

    run_id: str | None = None
    logs: int
    judge_rate: float
    labels: int
    label_rate: Estimate | None = None
    rate: Estimate | None = None
    method: Defaulted[str] = "labels"
    uneven_p: float | None = None


class JudgeErrors(Model):
    """A judge against people, by the indexes of raters, where both give one of two `options`.

    `true_positive` is its rate of the first option where people give it, `true_negative` that of the second; None if
    people never gave it. `is_even` says that all labels are of an even sample.
    """

    judge: int
    human: int
    options: list[str]
    true_positive: Estimate | None = None
    true_negative: Estimate | None = None
    is_even: Defaulted[bool] = False
    corrected: list[CorrectedRate]


class EvenLabels(Model):
    """The labels of people that count, by evaluator version: those of an even sample. Others are left out."""

    evaluator_version_id: str
    judged_version_id: str
    logs: int
    left_out: int


class AgreementRows(CurrentRows):
    """How evaluators and authors agree. `apart` are pairs that never judged the same log.

    `even` has the evaluators of people of whose labels only an even sample counts, as far as it is known.
    `cluster` is the field whose values errors are by, and whose values the pairs' `datapoints` then count; "" without.
    """

    raters: list[Rater]
    pairs: list[RaterPair]
    groups: list[RaterGroup]
    judges: list[JudgeErrors]
    apart: list[tuple[int, int]]
    logs: int
    cluster: Defaulted[str] = ""
    even: Defaulted[list[EvenLabels]] = Field(default_factory=list)

    def even_labels(self, judged_version_id: str) -> EvenLabels | None:
        """The labels of an evaluator version that count, if only some do."""
        return next((item for item in self.even if item.judged_version_id == judged_version_id), None)

    def of_evaluator(self, version_id: str) -> "AgreementRows":
        """What concerns an attached evaluator version, or its authors."""
        own = {index for index, rater in enumerate(self.raters) if rater.evaluator_version_id == version_id}
        return self.model_copy(
            update={
                "pairs": [pair for pair in self.pairs if own & {pair.first, pair.second}],
                "groups": [group for group in self.groups if own & set(group.raters)],
                "judges": [errors for errors in self.judges if own & {errors.judge, errors.human}],
                "apart": [pair for pair in self.apart if own & set(pair)],
            }
        )
