"""What raters are called: an evaluator by its label, its version where another judged, and an author."""

import re
from collections import Counter

from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.judgments import author_name
from evals_mcp.models.agreement import AgreementRows, RaterPair
from evals_mcp.models.resolved import ResolvedEvaluation

_PLAIN = re.compile(r"\w[\w@/ -]*")


class RaterNames:
    """The names of the raters of an answer."""

    def __init__(self, evaluation: ResolvedEvaluation, rows: AgreementRows) -> None:
        self._raters = rows.raters
        self._evaluators = {row.version_id: row for row in evaluation.evaluators}
        self._labels = evaluation.evaluator_labels
        whole = [rater for rater in rows.raters if rater.author is None]
        self._versions = Counter(rater.evaluator_version_id for rater in whole)

    def of(self, index: int) -> Quoted:
        """`helpful`, `helpful by ann`, or `helpful@VERSION` where several versions judged, or another than attached."""
        rater = self._raters[index]
        label = self._labels[rater.evaluator_version_id]
        if self._versions[rater.evaluator_version_id] > 1 or rater.judged_version_id != rater.evaluator_version_id:
            label = f"{label}@{rater.judged_version_id}"
        return name(label) if rater.author is None else f"{name(label)} by {author_name(rater.author)}"

    def pair(self, pair: RaterPair) -> Quoted:
        """Both raters: `human, judge`; of two authors, the evaluator once."""
        one, other = self._raters[pair.first], self._raters[pair.second]
        if one.author is not None and other.author is not None:
            return f"{self.of(pair.first)}, {author_name(other.author)}"
        return f"{self.of(pair.first)}, {self.of(pair.second)}"

    def is_human(self, index: int) -> bool:
        """Whether people judge."""
        return self._evaluators[self._raters[index].evaluator_version_id].evaluator_type == "human"

    def has_human(self, pair: RaterPair) -> bool:
        """Whether people are one side of a pair, or both."""
        return self.is_human(pair.first) or self.is_human(pair.second)

    def is_of_several(self, pair: RaterPair) -> bool:
        """Whether a judgment is several options, which no one condition names."""
        return self._evaluators[self._raters[pair.first].evaluator_version_id].return_type == "multi_select"

    def conditions(self, pair: RaterPair, first: str, second: str) -> list[str]:
        """Conditions of `where` for logs that a pair judged so."""
        sides = ((pair.first, first), (pair.second, second))
        return [
            f"{_written(self._labels[self._raters[index].evaluator_version_id])}={_written(value)}"
            for index, value in sides
        ]


def option_word(option: str) -> Quoted:
    """A judgment of true, false or an option."""
    if option in ("true", "false"):
        return "true" if option == "true" else "false"
    return name(option)


def _written(word: str) -> str:
    """A name or value of a condition, in quotes where the grammar needs them."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
