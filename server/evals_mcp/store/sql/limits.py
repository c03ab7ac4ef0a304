"""How much a question in SQL may take."""

SECONDS = 5.0
"""How long its statement may run."""

BRIEF_OPERATIONS = 5_000
"""How many operations of SQLite a brief statement may take, a fraction of a millisecond."""

COUNTED = 10_000
"""How many rows after the shown ones are counted."""

TOO_SLOW = (
    "sql: it was stopped after 5 seconds. Filter by run or evaluator first, aggregate instead of joining, "
    "or join by log or datapoint."
)
