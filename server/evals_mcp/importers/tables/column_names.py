"""The names of columns that tell what they hold."""

import re
from collections.abc import Mapping
from typing import Literal

from evals_mcp.importers.tables.cells import column_key

Role = Literal["datapoint", "run", "input", "output", "target", "error", "latency", "cost", "metadata"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES: Mapping[Role, tuple[str, ...]] = {
    "output": _words(
        "output outputs answer response completion prediction predicted generation generated generated_text reply "
        "model_output actual_output model_response model_answer llm_output llm_response llm_answer ai_response "
        "ai_answer ai_output bot_response bot_answer assistant_response assistant_answer chatbot_response "
        "system_output system_response generated_answer generated_response generated_output predicted_answer "
        "actual_answer actual_response actual model_completion model_prediction model_reply final_answer final_output "
        "candidate_answer antwort ausgabe"
    ),
    "target": _words(
        "target expected expected_output expected_answer reference reference_answer ground_truth ground_truths gold "
        "gold_answer ideal correct_answer truth expected_response expected_result expected_completion expected_label "
        "reference_output reference_response gold_standard gold_label golden golden_answer golden_response "
        "ideal_answer ideal_response ideal_output ideal_completion correct_output correct_response true_answer "
        "ground_truth_answer groundtruth reference_contexts erwartet"
    ),
    "input": _words(
        "input inputs question query prompt user_input instruction task text message problem context contexts "
        "retrieved_contexts user_question user_query user_prompt user_message customer_question customer_query "
        "customer_message input_text question_text query_text prompt_text q frage"
    ),
    "run": _words(
        "run run_id run_name run_label experiment experiment_name experiment_id model model_name model_id llm modell "
        "version model_version prompt_version version_name version_id variant variant_name variante system "
        "system_name config config_name prompt_name"
    ),
    "datapoint": _words(
        "datapoint_id datapoint case_id case test_case_id test_case test_id example_id question_id sample_id item_id "
        "doc_id qid query_id task_id row_id id"
    ),
    "error": _words("error exception error_message error_text error_msg"),
    "latency": _words(
        "latency latency_s latency_ms latency_seconds latency_sec latency_secs duration duration_ms duration_s "
        "duration_seconds response_time response_time_ms response_time_s time_taken elapsed elapsed_ms elapsed_s "
        "elapsed_seconds elapsed_time total_latency total_time runtime dauer latenz laufzeit antwortzeit"
    ),
    "cost": _words("cost total_cost cost_usd total_cost_usd price price_usd cost_in_usd cost_dollars usd"),
}
"""The whole names of columns of a role, in one form, the most telling first."""

ONE_RUN: frozenset[str] = frozenset(NAMES["run"][: NAMES["run"].index("model")])
"""The names of columns that tell runs apart alone; others of the role may do so together, such as model and version."""

RETRIEVED: frozenset[str] = frozenset(("context", "contexts", "retrieved_contexts", "retrieved_context", "documents"))
"""The names of inputs that may be what a run retrieved: other ones for each run of a datapoint."""

ABOUT_DATAPOINTS: frozenset[str] = frozenset(
    _words("category topic difficulty language lang split domain subject tag tags intent segment")
)
"""The names of columns that are about datapoints, and no judgments."""

NO_SCORES: frozenset[str] = frozenset(
    (
        *NAMES["run"],
        *NAMES["datapoint"],
        *NAMES["latency"],
        *NAMES["cost"],
        *_words("tokens prompt_tokens input_tokens output_tokens completion_tokens total_tokens reasoning_tokens"),
        *_words(
            "cached_tokens token_count num_tokens log created_at created date time timestamp datetime day updated_at"
        ),
        *_words(
            "repeat repetition epoch seed temperature top_p top_k max_tokens trial attempt finish_reason stop_reason"
        ),
        *_words(
            "category topic difficulty language lang split domain subject tag tags intent segment url link provider"
        ),
    )
)
"""The names of columns that are about a log or a datapoint, and no judgments, whatever they hold."""

NO_OPTIONS: frozenset[str] = frozenset(
    (
        *_words("reviewer annotator rater labeler labeller grader author reviewed_by annotated_by user username email"),
        *_words("assignee status state note notes remark remarks comment comments reason reasons reasoning rationale"),
        *_words("explanation feedback justification critique analysis thoughts"),
    )
)
"""The names of columns of people, states and remarks: judgments only where they hold booleans or numbers."""

_MEASURE = re.compile(
    r"(?:^|_)(?:(?:tokens|token_(?:count|usage)|latency|duration|elapsed|runtime|ttft|time|costs?|price|version|"
    r"latenz|dauer|laufzeit|zeit|kosten|preis)"
    r"(?:_(?:used|in|out|input|output|total|count|cached|avg|mean|max|p\d+|ns|[u\u00b5\u03bcm]?s|m?secs?|(?:milli)?seconds?|"
    r"mins?|minutes?|h|hours?|usd|eur|gbp|cents?))*|ms|msecs?|millis\w*|usd)$"
)
_REVIEWER = re.compile(
    r"(?:(.+?)_)?(?:reviewer|annotator|rater|labell?er|grader|(?:reviewed|annotated|rated|labell?ed|graded)_by)"
    r"(?:_(?:name|id|email))?"
)
_SETTING = re.compile(r"_(?:model|version|name|provider)(?:_(?:name|id))?$")


EXPLANATIONS = r"(?:reason|reasoning|reasons|explanation|comments?|rationale|feedback|justification|critique)"
"""The words for what explains a judgment, as a pattern."""


def has_role(column: str, role: Role) -> bool:
    """Whether a column's name is one of a role, or begins with it."""
    key = column_key(column)
    return key in NAMES[role] or key.partition("_")[0] == role or key.startswith(f"{role}s_")


def names_measure(column: str) -> bool:
    """Whether a column of numbers has what an output took by its last words, such as `tokens used` and `time (min)`."""
    return _MEASURE.search(re.sub(r"[\W_]+", "_", column_key(column)).strip("_")) is not None


def names_setting(column: str) -> bool:
    """Whether a column of options has what made or judged an output, such as `judge_model`."""
    return _SETTING.search(column_key(column)) is not None


def names_explanation(column: str) -> str | None:
    """What a column explains by its name: `judge` for `Judge Rationale`, "" for `Rationale`. None else."""
    match = re.fullmatch(rf"(?:(.+?)_)?({EXPLANATIONS})", column_key(column))
    return None if match is None or column_key(column) == "reasoning" else match[1] or ""


def names_reviewer(column: str) -> str | None:
    """What a column names the reviewers of: `label` for `Label Reviewer`, "" for `Labelled by`. None else."""
    match = _REVIEWER.fullmatch(column_key(column))
    return None if match is None else match[1] or ""


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
