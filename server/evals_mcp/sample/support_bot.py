"""Reads the sample evaluation: a support bot of an invented maker of weather stations.

What a correct review of it finds (three runs of 40 logs; datapoints are counted from 0):

- `support/policy_correct`: v1-baseline 34 of 40 true, v2-concise 24 of 39, v3-policy-quotes 36 of 40.
  v1 to v2 is the regression: 39 pairs, 9 worse (1, 3, 4, 6, 8, 10, 14, 19, 23), none better, p = 0.0039
  (McNemar, exact). All nine are about returns, refunds or warranty, whose conditions v2's prompt omits.
  v1 to v3: 40 pairs, 1 worse (31), 3 better (16, 21, 29), p = 0.625.
- `support/helpfulness`: means 4.31, 4.28 and 4.38 over 39 judgments each; no significant difference.
- `support/tone` (friendly, neutral, curt): 29, 11, 0; 22, 14, 3; 26, 14, 0; no significant difference.
- `support/contains_greeting` is true for all 120 logs, even for the one without an output.
- The log of v2 for datapoint 25 ended in an error: three judgments missing. Helpfulness failed for v1 at
  datapoint 5 and abstained for v3 at datapoint 11.
- Mean output tokens 52, 28 and 72; v2 is the fastest and cheapest, v3 the slowest and most expensive.
"""

from collections.abc import Iterator
from importlib.resources import files

from pydantic import TypeAdapter

from evals_mcp.models.evaluation_document import Record


def read_sample() -> Iterator[Record]:
    """Read the records of the sample that ships with the package."""
    records: TypeAdapter[Record] = TypeAdapter(Record)
    text = files("evals_mcp.sample").joinpath("support_bot.ndjson").read_text(encoding="utf-8")
    return map(records.validate_json, text.splitlines())
