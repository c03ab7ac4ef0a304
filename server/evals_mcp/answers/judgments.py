"""Judgments as words: a value, or the kind of missing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from evals_mcp.answers.frame.figures import count, listed, number
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.questions import Missing
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.statistics.missing_judgments import worst_judgment

_TEXT = 60
_SAMPLES = 10


_number_word = lru_cache(maxsize=1_000)(number)  # ratings repeat, and a page holds hundreds of them


def judgment_word(state: JudgmentState, judgment: Any, longest: int = _TEXT) -> Quoted:
    """`true`, `4`, an option, options in brackets, a short quoted text; or `abstained`, `failed`, `missing`.

    An option or text has at most the `longest` number of characters.
    """
    if state != "judged":
        return state
    if isinstance(judgment, bool):
        return "true" if judgment else "false"
    match judgment:
        case int(value) | float(value):
            return _number_word(value)
        case list(options):
            return "[" + ", ".join(_word(option, longest) for option in options) + "]"
        case str(text):
            return _word(text, longest)
    return state


def verdict_words(judgment: Any, score: float | None, passed: bool | None, threshold: float | None) -> list[Quoted]:
    """What an evaluator says beside its judgment: `not passed (threshold 0.7)`, `score 0.4`.

    Nothing of a boolean whose pass is the same.
    """
    words: list[Quoted] = [] if score is None else [f"score {_number_word(score)}"]
    limit: Quoted = "" if threshold is None else f"threshold {_number_word(threshold)}"
    if passed is None or passed is judgment:
        return [*words, limit] if limit else words
    return [*words, ("passed" if passed else "not passed") + (f" ({limit})" if limit else "")]


def sample_words(samples: Sequence[Any]) -> Quoted:
    """The judgments that one sums up: `3 of 5 true`, `5 samples: good ×3, bad ×2`; "" without any."""
    if not samples:
        return ""
    words = [judgment_word("abstained" if item is None else "judged", item) for item in samples]
    if any(isinstance(item, bool) for item in samples) and all(isinstance(item, bool | None) for item in samples):
        missing = words.count("abstained")
        rest = f" ({count(missing)} abstained)" if missing else ""
        return f"{count(words.count('true'))} of {count(len(words))} true{rest}"
    return f"{count(len(words), 'sample')}: {listed(repeated_words(words), _SAMPLES)}"


def joined_judgments(judged: Iterable[tuple[JudgmentState, Any]]) -> Quoted:
    """The judgments of one log: several if its authors differ. Several options are only counted."""
    words: list[Quoted] = [
        count(len(judgment), "option") if isinstance(judgment, list) else judgment_word(state, judgment)
        for state, judgment in judged
    ]
    return "+".join(dict.fromkeys(words))


def by_author(author: str | None) -> Quoted:
    """The author of a judgment, to follow its word: ` by ana`."""
    return f" by {author_name(author)}"


def author_name(author: str | None) -> Quoted:
    """The author of a judgment as a name."""
    return name(author) if author else "somebody unnamed"


def repeated_words(words: Sequence[Quoted]) -> list[Quoted]:
    """Merge repeated words: `false ×8`. Keeps the order of first occurrence."""
    if len(words) == 1:
        return list(words)
    return [word if times == 1 else f"{word} ×{number(times)}" for word, times in Counter(words).items()]


def _word(text: str, longest: int) -> Quoted:
    """An option as a name. Quotes text that may be a sentence."""
    return cell(text, longest) if " " in text or len(text) > _TEXT else name(text)


def missing_words(missing: Missing, evaluation: ResolvedEvaluation) -> Quoted:
    """A sentence on missing judgments that count as failures, and on the evaluators that have no worst judgment."""
    if missing == "exclude":
        return ""
    unable = [row.version_id for row in evaluation.evaluators if worst_judgment(row) is None]
    left_out = [name(evaluation.evaluator_labels[version_id]) for version_id in unable]
    without = f" Left out: {listed(left_out, 6)}." if left_out else ""
    return f" Missing, abstained and failed judgments count as failures (the worst judgment).{without}"
