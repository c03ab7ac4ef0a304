"""A question in SQL about an evaluation, and the rows that answer it."""

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows
from evals_mcp.truncation import CutText

LONGEST_SQL = 10_000
"""Characters."""


class SqlQuestion(Model):
    """One SELECT over the views of `sql_views`. Each text in the answer has at most `characters`."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(min_length=1, max_length=LONGEST_SQL)
    limit: Defaulted[int] = Field(default=100, ge=1, le=1_000)
    characters: Defaulted[int] = Field(default=2_000, ge=0, le=20_000)
    run_labels: dict[str, str] | None = Field(default=None, max_length=10_000)
    """What to call runs, by id; by default as other answers call them."""


class SqlRows(CurrentRows):
    """Rows of null, booleans, numbers and texts under the names of `columns`.

    `left_out` counts the rows after these; `counts_all` is false if there may be more. `lengths` has the full lengths
    of cut texts by the indexes of row and column, `0.2`, and makes each a `CutText`.
    """

    columns: list[str]
    rows: list[list[Any]]
    left_out: int
    counts_all: bool
    lengths: Defaulted[dict[str, int]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _mark_cuts(self) -> "SqlRows":
        for path, length in self.lengths.items():
            row, column = map(int, path.split("."))
            self.rows[row][column] = CutText(self.rows[row][column], length)
        return self
