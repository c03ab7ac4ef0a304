"""A table of logs as CSV in a token limit: whole, without texts, or not at all."""

import io
from contextlib import closing

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.client.client import EvalsClient
from evals_mcp.exporters.table_rows import Labels
from evals_mcp.exporters.tables import Table, read_table, write_csv
from evals_mcp.models.resolved import ResolvedEvaluation

_LEAST_TOKENS_A_LOG = 12
_TEXTS = ("input.", "target.", "metadata.")


async def table_text(client: EvalsClient, evaluation: ResolvedEvaluation, max_tokens: int) -> str | None:
    """The logs of an evaluation as CSV, without texts if they do not fit; None if even that does not.

    Raises EvalsError.
    """
    if sum(run.logs_count for run in evaluation.runs) * _LEAST_TOKENS_A_LOG > max_tokens:
        return None
    with closing(Table()) as table:
        labels = Labels(evaluation.run_labels, evaluation.evaluator_labels)
        await read_table(client, evaluation.id, labels, table)
        short = [name for name in table.columns if not _is_text(name)]
        for columns in (table.columns, short):
            file = io.StringIO()
            write_csv(table, file, columns=columns)
            if estimate(file.getvalue()) <= max_tokens:
                return file.getvalue()
    return None


def _is_text(name: str) -> bool:
    return name in ("output", "created_at") or name.startswith(_TEXTS) or name.endswith(".explanation")
