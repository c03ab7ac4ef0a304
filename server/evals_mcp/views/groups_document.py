"""The document of a comparison in groups, made of what the answer of `compare_runs(group_by=…)` is made of."""

from evals_mcp.answers.comparison_groups import ComparedGroups, ordered_groups
from evals_mcp.answers.frame.calls import Call
from evals_mcp.answers.group_names import group_words, subject_of
from evals_mcp.models.model import JsonObject
from evals_mcp.views.figures import about, comparison


def groups_document(compared: ComparedGroups, call: Call) -> JsonObject:
    """The document of a comparison in groups: a table for each candidate and evaluator, with a row for each group."""
    return {
        **about("groups", compared.evaluation),
        "call": {"name": call.tool, "arguments": call.given()},
        "filtered": compared.filtered.strip(),
        "baseline": compared.baseline_run_id,
        "by": subject_of(compared.group_by, compared.evaluation),
        "biased": compared.group_by.is_of_log,
        "tables": [
            {
                "run": table.run_id,
                "label": compared.evaluation.run_labels[table.run_id],
                "evaluator": table.whole.evaluator_version_id,
                "whole": comparison(table.whole),
                "groups": [
                    {**comparison(row.comparison), "label": group_words(row.name, compared.group_by)}
                    for row in ordered_groups(table.groups)
                ],
            }
            for table in compared.found.tables
        ],
    }
