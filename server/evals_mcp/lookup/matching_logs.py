"""Check that logs fit a run, on a server that does not."""

from collections.abc import Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import name
from evals_mcp.errors import Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.rows import RunRow

_KINDS = ("prompt", "flow", "agent", "tool")
_NAMED = 6


async def require_same_version(lookup: Lookup, run: RunRow, log_ids: Sequence[str]) -> None:
    """Read each log, and raise Invalid with those of another version than the run's, NotFound for an unknown one."""
    logs = [await lookup.client.logs.get(log_id) for log_id in log_ids]
    wrong = [name(log.id) for log in logs if run.version_id not in (None, _version_id(log))]
    if wrong:
        named = listed(wrong, _NAMED)
        raise Invalid(
            f"No log was added. Logs of another version than the run's: {named}. Leave them out, or add them to their "
            "run."
        )


def _version_id(log: LogResponse) -> str | None:
    """The id of the version that made a log; None for a judgment."""
    return next((getattr(log, kind).version_id for kind in _KINDS if hasattr(log, kind)), None)
