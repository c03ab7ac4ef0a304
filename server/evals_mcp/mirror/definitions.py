"""Fetch an evaluation of a mirrored server by its documented routes."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from evals_mcp.client.raw_pages import RawPages
from evals_mcp.errors import EvalsError, Unauthorized, Unavailable
from evals_mcp.importers.api_records import Unreadable
from evals_mcp.importers.api_records import read_evaluation as read_evaluation_record
from evals_mcp.mirror.overviews import Definition, read_definition
from evals_mcp.mirror.paging import for_each
from evals_mcp.models.model import JsonObject


async def fetch_definition(raw: RawPages, evaluation_id: str, path_of: Callable[[Any], str | None]) -> Definition:
    """The current evaluation, with the known path of its file. Without statistics if they fail.

    Raises NotFound, Unauthorized and Unavailable.
    """
    evaluation: JsonObject = {}
    runs: list[Any] = []
    stats: JsonObject = {}

    async def read_evaluation() -> None:
        evaluation.update(await raw.evaluation(evaluation_id))

    async def read_runs() -> None:
        runs.extend(await raw.runs(evaluation_id))

    async def read_stats() -> None:
        try:
            stats.update(await raw.stats(evaluation_id))
        except Unauthorized:
            raise
        except EvalsError:
            return  # the logs contain the same, but take longer to read

    await for_each((read_evaluation, read_runs, read_stats), lambda read: read())
    try:
        definition = read_definition(evaluation, runs, stats or None, path_of(evaluation.get("file_id")))
        read_evaluation_record(evaluation, definition.evaluators, None)
        return definition
    except (ValidationError, Unreadable) as error:
        raise Unavailable(
            f"The server's answer about evaluation `{evaluation_id[:200]}` does not match the documented API."
        ) from error
