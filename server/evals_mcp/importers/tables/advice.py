"""What a person may want to change in a table, or to say of it."""

from collections.abc import Iterator

from evals_mcp.importers.option_words import quoted_value
from evals_mcp.importers.tables.column_names import names_reviewer
from evals_mcp.importers.tables.columns import Columns
from evals_mcp.importers.tables.score_types import LONGEST_NAME, METADATA, is_known_metadata, names_a_score

_FEW = 3


def advice_of(columns: Columns) -> Iterator[str]:
    """Sentences about a column that should be one of scores, scores that may be versions, and who may have judged."""
    scores = [score for run in columns.runs for score in run.scores]
    unread = [name for name in columns.metadata if names_a_score(name) and not METADATA.fullmatch(name)]
    if unread and not scores and columns.pass_counts is None:
        yield (
            f"nothing is judged, because the cells of {_listed(unread)} are no numbers, booleans or few options. "
            "To read it nevertheless, name it with --score."
        )
    has_outputs = any(run.output for run in columns.runs)
    if not has_outputs and not columns.inputs and columns.pass_counts is None and (texts := _unnamed(columns)):
        yield (
            f"no column is taken for inputs or outputs. If {_listed(texts)} hold them, name these with --input and "
            "--output, and a column of versions with --run."
        )
    if long := [name for name in columns.metadata if len(name) > LONGEST_NAME]:
        name = f"{long[0][:20]!r}\N{HORIZONTAL ELLIPSIS}"
        yield f"a name of {len(long[0]):,} characters is too long for an evaluator, so {name} is metadata."
    reviewers = [name for name in columns.metadata if names_reviewer(name) is not None]
    if len(reviewers) > 1 and scores and not any(score.author for score in scores):
        choice = quoted_value(f"{scores[0].column}:human:{reviewers[0]}")
        yield f"{_listed(reviewers)} may name who judged. To say which one, import again with --score {choice}."
    numbers = [score.column for score in scores if score.type == "number" and not names_a_score(score.column)]
    if len(columns.runs) == 1 and not columns.run and columns.runs[0].output is None and len(numbers) > 1:
        yield (
            f"{_listed(numbers)} are read as scores of one version. If they are versions, write a row for each version "
            "and input, with the columns input, model and score."
        )


def _unnamed(columns: Columns) -> list[str]:
    """The columns of metadata whose names tell nothing that is known."""
    return [name for name in columns.metadata if not is_known_metadata(name)]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_FEW]) + (", \N{HORIZONTAL ELLIPSIS}" if len(names) > _FEW else "")
