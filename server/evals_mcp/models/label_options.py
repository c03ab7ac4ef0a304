"""What the judgments of new labels say about their evaluator: its type, and options it lacks. Pure."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from evals_mcp.errors import Invalid

_LONGEST_OPTION = 60  # characters; longer judgments are texts
_MOST_WORDS = 6
_NOTES = ("note", "notes", "comment", "comments")
_ALIKE = 0.85  # of difflib's ratio: a letter or two of a word
_NONE = "No label was stored."


def guessed_type(path: str, judgments: Sequence[Any]) -> str:
    """The return type of an evaluator with these first judgments. Raises Invalid for judgments of several types."""
    texts = [value for value in judgments if isinstance(value, str)]
    is_notes = path.rpartition("/")[2].casefold() in _NOTES or not all(map(_is_option, texts))
    types = {
        "boolean": [value for value in judgments if isinstance(value, bool)],
        "number": [value for value in judgments if isinstance(value, int | float) and not isinstance(value, bool)],
        "multi_select": [value for value in judgments if isinstance(value, list)],
        "text" if is_notes else "select": texts,
    }
    found = [name for name, values in types.items() if values]
    if len(found) > 1:
        raise Invalid(f"The judgments are of several types: {', '.join(sorted(found))}. Use one evaluator for each.")
    return found[0]


def new_options(known: Sequence[str], stated: Sequence[str], judgments: Sequence[Any]) -> list[str]:
    """The options that these judgments need besides the `known` ones, and the `stated` ones.

    Raises Invalid, with the row, for a judgment that is no option's name, or much like one that is not stated.
    """
    options = list(dict.fromkeys((*known, *stated)))
    for position, judgment in enumerate(judgments):
        for option in _chosen(judgment):
            if option in options:
                continue
            where = ("body", "labels", position)
            if option.lstrip().startswith(("[", "{")):
                raise Invalid(
                    f"Row {position + 1}: `{option[:_LONGEST_OPTION]}` is JSON, not the name of an option. For several "
                    f"options of a log, use an evaluator NAME:multi_select. {_NONE}",
                    where,
                )
            if not _is_option(option):
                advice = f"An option has 1 to {_LONGEST_OPTION} characters and at most {_MOST_WORDS} words."
                have = f" The options are {', '.join(options)}." if options else ""
                raise Invalid(f"Row {position + 1}: {advice}{have} {_NONE}", where)
            if near := nearest_word(option, options):
                raise Invalid(
                    f"Row {position + 1}: `{option}` is not an option, but `{near}` is. If it is meant as another "
                    f"one, state it: NAME:select:{option}. {_NONE}",
                    where,
                )
            options.append(option)
    return [option for option in options if option not in known]


def nearest_word(word: str, words: Sequence[str]) -> str | None:
    """The word that a new one may be a misspelling of."""
    folded = {_folded(known): known for known in words}
    near = get_close_matches(_folded(word), list(folded), 1, _ALIKE)
    return folded[near[0]] if near else None


def _chosen(judgment: Any) -> Iterable[str]:
    return judgment if isinstance(judgment, list) else [judgment] if isinstance(judgment, str) else []


def _is_option(text: str) -> bool:
    return 0 < len(text.strip()) <= _LONGEST_OPTION and len(text.split()) <= _MOST_WORDS


def _folded(option: str) -> str:
    return " ".join(option.casefold().replace("_", " ").replace("-", " ").split())
