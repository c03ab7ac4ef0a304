"""Resolve the names in a call, and provide the rows that answer it."""

from collections.abc import Awaitable, Callable

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.reviews import Reviews
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.names import nearest, only, pick, quoted
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluationRow

Progress = Callable[[int, int], Awaitable[None]]
"""Told how many logs were read, of how many."""

_CANDIDATES = 50
_ALL = 200


class Lookup:
    """One call's access to the data: resolves names and provides the source of rows."""

    def __init__(self, client: EvalsClient, progress: Progress | None = None) -> None:
        self.client = client
        self._progress = progress

    async def rows(self) -> Reviews:
        """The source of rows."""
        return self.client.reviews

    async def find_evaluation(self, word: str) -> ResolvedEvaluation:
        """Find an evaluation in its current state, by id, name, file path, or a prefix of one.

        Raises Invalid with all matches if there are several, and NotFound with the nearest names.
        """
        rows = await self.rows()
        try:
            return await rows.get_evaluation(word.strip())
        except (NotFound, Invalid):
            pass
        found = await rows.list_evaluations(word.strip() or None, limit=_CANDIDATES)
        if found.total > len(found.rows):
            found = await rows.list_evaluations(word.strip() or None, limit=_ALL)
        if not found.rows:
            every = (await rows.list_evaluations(limit=_ALL)).rows
            raise NotFound(
                f"evaluation: no evaluation is named {quoted(word)}. {nearest(word, [_label(row) for row in every])}"
            )
        return await rows.get_evaluation(pick(found.rows, word, "evaluation", _names, _label).id)

    async def find_log(self, word: str) -> LogResponse:
        """Find a log by its id or a unique prefix of it.

        Raises Invalid with the newest matches if there are several, and NotFound with the nearest ids.
        """
        wanted = word.strip()
        try:
            return await self.client.logs.get(wanted)
        except (NotFound, Invalid):
            rows = await self.rows()
        found = await rows.find_log_ids(wanted, limit=_CANDIDATES)
        if not found:
            near = [
                id for part in (0.75, 0.5) for id in await rows.find_log_ids(_first(wanted, part), limit=_CANDIDATES)
            ]
            known = nearest(word, list(dict.fromkeys(near))) if near else "get_logs lists log ids."
            raise NotFound(f"log: no log has the id {quoted(word)}. {known}")
        return await self.client.logs.get(only(found, word, "log"))

    async def find_datapoint(self, evaluation: ResolvedEvaluation, word: str) -> str:
        """The id of the datapoint with this unique prefix; the word itself if no dataset has it.

        Raises Invalid with all matches if there are several.
        """
        wanted = word.strip()
        found = await (await self.rows()).find_datapoint_ids(evaluation.id, wanted, limit=_CANDIDATES)
        return wanted if not found or wanted in found else only(found, word, "datapoint")


def _first(word: str, part: float) -> str:
    return word[: max(1, int(len(word) * part))]


def _names(row: EvaluationRow) -> list[str]:
    return [row.id, row.name or "", row.file_path or ""]


def _label(row: EvaluationRow) -> str:
    return f"{row.name or 'unnamed'} ({row.id})"
