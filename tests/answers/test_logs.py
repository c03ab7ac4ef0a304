"""What an answer of logs says around them."""

from datetime import UTC, datetime

import pytest

from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.logs import summarize_logs
from evals_mcp.models.resolved import resolve
from evals_mcp.models.rows import EvaluationRow, LogRows, Overview

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVALUATION = EvaluationRow(id="evr_1", runs_count=0, evaluators=[], status="completed", created_at=NOW, changed_at=NOW)


@pytest.mark.parametrize(
    ("counted_to", "said"),
    [
        (1_000, "\n1,000+ logs with an error. list_runs with this where counts all.\n"),
        (None, "\n1,000 logs with an error.\n"),
    ],
)
def test_logs_that_are_not_all_counted_name_the_tool_that_counts_them(counted_to: int | None, said: str) -> None:
    """So that "how many" needs no paging."""
    evaluation = resolve(Overview(evaluation=EVALUATION, evaluators=[], runs=[]))
    call = Call("get_logs", {"evaluation": "evr_1"}, {})
    found = LogRows(rows=[], total=1_000, counted_to=counted_to, after=[], more=False)
    answer = summarize_logs(evaluation, found, 1_000, filtered=" with an error", call=call)
    assert said in f"{answer}\n"
