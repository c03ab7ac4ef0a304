"""The tool query."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.sql import summarize_query
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.sql import LONGEST_SQL, SqlQuestion
from evals_mcp.tools.arguments import Evaluation, MaxTokens
from evals_mcp.tools.tool import Tool

_MOST_ROWS = 1_000
_TOKENS_PER_ROW = 3
_CHARACTERS_PER_TOKEN = 4
_MOST_CHARACTERS = 20_000
Sql = Annotated[
    str,
    Field(
        min_length=1, max_length=LONGEST_SQL, description="PostgreSQL's SELECT. JSON: CAST(input->>'n' AS REAL) > 3."
    ),
]


async def query(lookup: Lookup, evaluation: Evaluation, sql: Sql, max_tokens: MaxTokens = 4000) -> str:
    """Answer what no other tool does with one SELECT over runs(run, model, control, …), logs(log, run, datapoint,
    output, error, latency, tokens, cost, length), datapoints(datapoint, input, target, metadata: JSON), judgments(log,
    run, datapoint, evaluator, author, state, boolean, number, option, text, passed, explanation)."""
    resolved = await lookup.find_evaluation(evaluation)
    question = SqlQuestion(
        sql=sql,
        limit=min(_MOST_ROWS, max_tokens // _TOKENS_PER_ROW),
        characters=min(_MOST_CHARACTERS, max_tokens * _CHARACTERS_PER_TOKEN),
    )
    resolved, rows = await (await lookup.rows()).query(resolved, question)
    return summarize_query(resolved, sql, rows, max_tokens)


TOOL = Tool(function=query, title="Query with SQL", search_hint="humanloop, group by, correlation")
