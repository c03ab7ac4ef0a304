"""The names of columns that tell what they hold."""

import re
from collections.abc import Mapping
from typing import Literal

from evals_mcp.importers.tables.cells import column_key

Role = Literal["datapoint", "run", "input", "output", "target", "error", "latency", "cost", "metadata"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES: Mapping[Role, frozenset[str]] = {
    "output": _words(
        "output outputs answer response completion prediction predicted generation generated generated_text reply "
        "model_output actual_output model_response model_answer llm_output"
    ),
    "target": _words(
        "target expected expected_output expected_answer reference reference_answer ground_truth ground_truths gold "
        "gold_answer ideal correct_answer truth"
    ),
    "input": _words(
        "input inputs question query prompt user_input instruction task text message problem context contexts "
        "retrieved_contexts"
    ),
    "run": _words("run run_name model model_name version variant system config experiment prompt_version"),
    "datapoint": _words(
        "id datapoint datapoint_id case case_id example_id question_id sample_id doc_id test_id row_id qid"
    ),
    "error": _words("error exception error_message"),
    "latency": _words("latency latency_s latency_ms latency_seconds duration duration_ms duration_s"),
    "cost": _words("cost total_cost cost_usd price"),
}
"""The whole names of columns of a role, in one form."""


def has_role(column: str, role: Role) -> bool:
    """Whether a column's name is one of a role, or begins with it."""
    key = column_key(column)
    return key in NAMES[role] or key.partition("_")[0] == role or key.startswith(f"{role}s_")


def run_in(column: str) -> str | None:
    """The run in the name of an output column: `b` in `answer_b` and in `b answer`. None if it names none."""
    for word in sorted(NAMES["output"], key=len, reverse=True):
        pattern = re.escape(word).replace("_", r"[\s_.-]+")
        match = re.fullmatch(rf"{pattern}[\s_.:-]+(.+)|(.+?)[\s_.:-]+{pattern}", column, re.IGNORECASE)
        if match:
            return match[1] or match[2]
    return None


def rest_of(column: str, label: str) -> str | None:
    """What a name such as `score_b` holds of the run `b`: `score`."""
    match = re.fullmatch(rf"{re.escape(label)}[\s_.:-]+(.+)|(.+?)[\s_.:-]+{re.escape(label)}", column)
    return (match[1] or match[2]) if match else None
