"""The type of an evaluator, told from its judgments."""

from collections.abc import Mapping
from typing import Any

from evals_mcp.importers.results import EvaluatorKind, Score, as_text
from evals_mcp.models.model import JsonObject

_LARGE = 2**53
_PLAIN = (bool, float, str, type(None))
_MOST_OPTIONS = 12
_LONGEST_OPTION = 60


class JudgmentType:
    """Learns the type of an evaluator from its judgments, and brings each to that type.

    Booleans alone are boolean, numbers (also with booleans among them) numbers, lists of texts several options. Up to
    12 different short texts are options, others texts.
    """

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._texts: dict[str, None] | None = {}
        self._higher_is_better: bool | None = None

    def add(self, score: Score) -> None:
        """Learn from one judgment."""
        if score.higher_is_better is not None:
            self._higher_is_better = score.higher_is_better
        judgment = score.judgment
        if judgment is None:
            return
        self._kinds.add("list" if isinstance(judgment, list) else type(judgment).__name__.replace("int", "float"))
        texts = judgment if isinstance(judgment, list) else [judgment] if isinstance(judgment, str) else []
        if self._texts is not None:
            self._texts.update(dict.fromkeys(texts))
            if len(self._texts) > _MOST_OPTIONS or any(len(text) > _LONGEST_OPTION for text in texts):
                self._texts = None

    @property
    def return_type(self) -> str:
        """`boolean`, `number`, `select`, `multi_select` or `text`."""
        if self._kinds <= {"bool"} and self._kinds:
            return "boolean"
        if self._kinds <= {"bool", "float"}:
            return "number"
        if self._texts is not None and len(self._kinds) == 1:
            return "multi_select" if "list" in self._kinds else "select"
        return "text"

    @property
    def is_undirected(self) -> bool:
        """Whether it gives numbers of which nobody said whether higher is better."""
        return self.return_type == "number" and bool(self._kinds) and self._higher_is_better is None

    def spec(self, kind: EvaluatorKind) -> JsonObject:
        """The evaluator's specification."""
        spec: JsonObject = {
            "arguments_type": "target_free",
            "return_type": self.return_type,
            "evaluator_type": "human" if kind == "human" else "external",
        }
        if self.return_type in ("select", "multi_select"):
            spec["options"] = [{"name": text} for text in self._texts or ()]
        if self.return_type == "number" and self._higher_is_better is not None:
            spec["number_valence"] = "positive" if self._higher_is_better else "negative"
        if self.return_type == "boolean" and self._higher_is_better is False:
            spec["number_valence"] = "negative"  # that true is good goes without saying
        return spec

    def value(self, judgment: Any) -> Any:
        """The judgment in the evaluator's type."""
        match self.return_type:
            case "number":
                return float(judgment) if isinstance(judgment, bool) else judgment
            case "text":
                return as_text(judgment)
            case _:
                return judgment


def state_of(score: Score) -> str:
    """`judged`, `abstained` or `failed`."""
    if score.error is not None:
        return "failed"
    return "abstained" if score.judgment is None else "judged"


def is_plain(judgment: Any, about: Mapping[str, Any]) -> bool:
    """Whether a judgment needs no further check: most have one value, and maybe an explanation."""
    value = isinstance(judgment, _PLAIN) or (isinstance(judgment, int) and abs(judgment) < _LARGE)
    return value and (not about or (about.keys() == {"output"} and isinstance(about["output"], str)))
