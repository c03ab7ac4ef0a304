"""The routes of Humanloop's documented API and our routes that write. The first answer needs none of them."""

from evals_mcp.api.routes import (
    agents,
    bulk,
    datasets,
    directories,
    evaluations,
    evaluators,
    files,
    flows,
    journal,
    labels,
    logs,
    otel,
    prompts,
    review_queue,
    runs,
    set_ups,
    tools,
)
from evals_mcp.api.v4 import configs as v4_configs
from evals_mcp.api.v4 import datasets as v4_datasets
from evals_mcp.api.v4 import evaluations as v4_evaluations
from evals_mcp.api.v4 import evaluators as v4_evaluators
from evals_mcp.api.v4 import left_out
from evals_mcp.api.v4 import logs as v4_logs
from evals_mcp.api.v4 import projects as v4_projects

V5_ROUTERS = (
    evaluations.router,
    runs.router,
    logs.router,
    prompts.router,
    flows.router,
    tools.router,
    agents.router,
    evaluators.router,
    datasets.router,
    files.router,
    directories.router,
    otel.router,
    bulk.router,
    journal.router,
    set_ups.router,
    labels.router,
    review_queue.router,
)


V4_ROUTERS = (
    left_out.router,
    v4_evaluations.router,
    v4_projects.router,
    v4_configs.router,
    v4_datasets.router,
    v4_evaluators.router,
    v4_logs.router,
)
