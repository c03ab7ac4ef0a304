"""Resolve the names in a call, and provide the rows that answer it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Literal

from evals_mcp.answers.empty import no_evaluations
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.client.client import EvalsClient
from evals_mcp.client.retries import PASSING
from evals_mcp.client.row_sources import Progress, RowSource, ServerMirror
from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound
from evals_mcp.lookup.background import Background
from evals_mcp.lookup.names import nearest, only, pick, quoted
from evals_mcp.lookup.rejected_rows import rows_named
from evals_mcp.models.field_rows import FieldRows
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.model import JsonObject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import DatapointContent, EvaluationRow
from evals_mcp.models.setup import Setup

if TYPE_CHECKING:
    from evals_mcp.models.set_ups import SetUpRequest, SetUpResponse

Ask = Callable[[Quoted], Awaitable[Literal["accept", "decline", "cancel"] | None]]
"""Asks the person a question; None if the host cannot."""

_CANDIDATES = 50
_MOST_IDS = 1_000
_ALL = 200
_WHOLE_ID = 21  # characters
_NOTHING_SET = Setup()


class Lookup:
    """One call's access to the data: resolves names and provides the source of rows.

    `max_tokens` is the budget of an answer whose tool does not take one. `host` is the host's name. A call
    `with_document` is for a view, too: its tool puts what the view draws into `document`.
    """

    def __init__(
        self,
        client: EvalsClient,
        progress: Progress | None = None,
        *,
        mirror: ServerMirror | None = None,
        setup: Setup = _NOTHING_SET,
        background: Background | None = None,
        max_tokens: int = 4000,
        host: str | None = None,
        ask: Ask | None = None,
        with_document: bool = False,
    ) -> None:
        self.client = client
        self.progress = progress
        self.setup = setup
        self.background = background or Background()
        self.max_tokens = max_tokens
        self.host = host
        self.document: JsonObject | None = None
        self._with_document = with_document
        self._ask = ask
        self._mirror = mirror
        self._fields: dict[str, FieldRows] = {}
        self._datapoint_ids: dict[str, list[str]] = {}
        self._reading = None if mirror is None else mirror.reading(progress)

    async def rows(self) -> RowSource:
        """The source of rows: the server if it has our routes, else a mirror of it. Without a mirror, the server.

        A server has no extension if it rejects our routes in any way: not found, not allowed, a web page, a redirect
        to a login. An answer that it is busy or unreachable does not settle that.
        """
        if self._reading is None:
            return self.client.reviews
        if self.client.extended is None:
            try:
                await self.client.reviews.list_evaluations(limit=1)
            except EvalsError as error:
                if error.status in PASSING and not self._has_answered():
                    raise
        return self.client.reviews if self.client.extended else self._reading

    def _has_answered(self) -> bool:
        return self.client.extended is not None

    def show(self, document: Callable[[], JsonObject]) -> None:
        """Make the document that a view draws, if the call has a view."""
        if self._with_document:
            self.document = document()

    async def require_confirmation(self, question: Quoted, *, confirm: bool) -> None:
        """Let the person decide where the host can ask; elsewhere `confirm` decides.

        Raises Invalid without `confirm`, and Conflict if the person does not agree.
        """
        answer = None if self._ask is None else await self._ask(question)
        if answer is None and not confirm:
            raise Invalid(f"confirm: {question} To do it: confirm=true.")
        if answer == "decline":
            raise Conflict(f"The person declined: {question} Nothing was written.")
        if answer == "cancel":
            raise Conflict(f"The person gave no answer: {question} Nothing was written.")

    def note_write(self, evaluation_id: str, run_id: str) -> None:
        """Read a run again at the next call if a mirror has it, because it was written to."""
        if self._mirror is not None:
            self._mirror.changed(evaluation_id, run_id)

    async def set_up(self, request: "SetUpRequest") -> "SetUpResponse":
        """Find or create a run and its parts: all or nothing, except on a server without our routes.

        Raises Invalid, NotFound and Conflict.
        """
        rows = await self.rows()
        if rows is self.client.reviews:
            with rows_named():
                return await self.client.set_ups.create(request)
        from evals_mcp.lookup.set_ups import set_up_in_order

        listed = await rows.list_evaluations(request.evaluation, limit=_ALL)
        word = request.evaluation.strip()
        named = [row for row in listed.rows if word in (row.id, row.name)]
        made = await set_up_in_order(self.client, request, named)
        if made.run is not None and not made.run.is_new:
            run = (await rows.get_evaluation(made.evaluation.id)).run(made.run.id)
            made.logged_datapoints_count = made.datapoints_count - (run.missing_datapoints or 0)
        return made

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
            if not every:
                raise NotFound(f"evaluation: no evaluation is named {quoted(word)}. {' '.join(self.why_empty())}")
            raise NotFound(
                f"evaluation: no evaluation is named {quoted(word)}. {nearest(word, [_label(row) for row in every])}"
            )
        return await rows.get_evaluation(pick(found.rows, word, "evaluation", _names, _label).id)

    async def find_fields(self, evaluation: ResolvedEvaluation) -> FieldRows:
        """The fields that an evaluation's datapoints have, read once in a call."""
        if evaluation.id not in self._fields:
            self._fields[evaluation.id] = await (await self.rows()).find_fields(evaluation.id)
        return self._fields[evaluation.id]

    def why_empty(self) -> list[Quoted]:
        """Sentences for a database without evaluations: which one it is, and what to do next."""
        return no_evaluations(self.setup, self.client.connection.host)

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
            known = nearest(word, list(dict.fromkeys(map(name, near)))) if near else "get_logs lists log ids."
            raise NotFound(f"log: no log has the id {quoted(word)}. {known}")
        return await self.client.logs.get(only(found, word, "log"))

    async def find_datapoint_of(self, log: LogResponse) -> DatapointContent | None:
        """The datapoint of a log, if it has one and the server still has it."""
        if log.source_datapoint_id is None:
            return None
        try:
            return await (await self.rows()).get_datapoint(log.source_datapoint_id)
        except (NotFound, Invalid):
            return None

    async def find_log_id(self, word: str, argument: Quoted = "log_ids") -> str:
        """The id of the log with this unique prefix; the word itself if no log has it.

        Raises Invalid with all matches if there are several.
        """
        wanted = word.strip()
        if len(wanted) >= _WHOLE_ID:
            return wanted
        found = await (await self.rows()).find_log_ids(wanted, limit=_CANDIDATES)
        return wanted if not found or wanted in found else only(found, word, argument)

    async def read_datapoint_ids(self, evaluation: ResolvedEvaluation, words: Sequence[str]) -> None:
        """Read the ids of datapoints that many words may mean with one question, for `find_datapoint`."""
        beginning = _common_beginning([word.strip() for word in words])
        if len(words) > 1 and beginning:
            found = await (await self.rows()).find_datapoint_ids(evaluation.id, beginning, limit=_MOST_IDS)
            if len(found) < _MOST_IDS:
                self._datapoint_ids[evaluation.id] = found

    async def find_datapoint(self, evaluation: ResolvedEvaluation, word: str) -> str:
        """The id of the datapoint with this unique prefix; the word itself if no dataset has it.

        Raises Invalid with all matches if there are several.
        """
        wanted = word.strip()
        if (known := self._datapoint_ids.get(evaluation.id)) is not None:
            found = [id for id in known if id.startswith(wanted)][:_CANDIDATES]
        else:
            found = await (await self.rows()).find_datapoint_ids(evaluation.id, wanted, limit=_CANDIDATES)
        return wanted if not found or wanted in found else only(found, word, "datapoint")


def _common_beginning(words: Sequence[str]) -> str:
    first, last = min(words), max(words)
    pairs = zip(first, last, strict=False)
    return first[: next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(last)))]


def _first(word: str, part: float) -> str:
    return word[: max(1, int(len(word) * part))]


def _names(row: EvaluationRow) -> list[str]:
    return [row.id, row.name or "", row.file_path or ""]


def _label(row: EvaluationRow) -> Quoted:
    return f"{name(row.name) if row.name else 'unnamed'} ({name(row.id)})"
