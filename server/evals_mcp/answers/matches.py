"""Where a searched text was found, as words and an excerpt."""

from collections.abc import Mapping

from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.rows import Excerpt
from evals_mcp.truncation import CutText

_LONGEST = 300
_PLACES = 3


def match_words(excerpt: Excerpt, evaluator_labels: Mapping[str, Quoted] = {}) -> Quoted:
    """`in output, explanation by tone: "…"`: the places, and the text around the first match.

    `evaluator_labels` are labels by version id, as answers show them.
    """
    places = listed(list(dict.fromkeys(_place(path, evaluator_labels) for path in excerpt.where)), _PLACES)
    start = f", from character {count(excerpt.start + 1)}" if excerpt.start else ""
    return f"in {places}{start}: {match_quote(excerpt)}"


def match_quote(excerpt: Excerpt) -> Quoted:
    """The text around the first match."""
    return quote(CutText(excerpt.text, excerpt.length - excerpt.start), _LONGEST)


def _place(path: str, evaluator_labels: Mapping[str, Quoted]) -> Quoted:
    part, _, rest = path.partition(".")
    if part in ("judgments", "judged"):
        return f"{'explanation' if part == 'judgments' else 'judgment'} by {evaluator_labels.get(rest, name(rest))}"
    if part == "datapoint":
        return f"datapoint {name(rest)}"
    if part == "trace":
        return f"step {name(rest.rpartition('.')[0])}"
    return _CALLED.get(part, name(part))


_CALLED: dict[str, Quoted] = {"output_message": "output", "error": "error", "inputs": "input"}
