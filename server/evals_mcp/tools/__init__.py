"""The tools, in the order that hosts list them."""

from evals_mcp.tools import (
    add_logs_to_run,
    compare_runs,
    get_log,
    get_logs,
    import_results,
    label_logs,
    list_datapoints,
    list_evaluations,
    list_runs,
    log_generation,
    next_to_review,
    query,
    set_up_run,
    undo,
    update_run,
)
from evals_mcp.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    list_evaluations.TOOL,
    list_runs.TOOL,
    compare_runs.TOOL,
    get_logs.TOOL,
    get_log.TOOL,
    list_datapoints.TOOL,
    query.TOOL,
    set_up_run.TOOL,
    add_logs_to_run.TOOL,
    log_generation.TOOL,
    import_results.TOOL,
    label_logs.TOOL,
    update_run.TOOL,
    undo.TOOL,
    next_to_review.TOOL,
)
