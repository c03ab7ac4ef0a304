"""A reviewer's way to the data: finds what is meant, and asks whichever source the server allows."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.retries import PASSING
from evals_mcp.errors import EvalsError, Invalid, NotFound
from evals_mcp.lookup.documented import Documented, Progress
from evals_mcp.lookup.extended import Extended
from evals_mcp.lookup.names import evaluator_labels, find_evaluator, find_run, nearest, only, pick, shown
from evals_mcp.lookup.source import Source
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.review import EvaluationRow, EvaluatorRow, Overview, RunRow, run_labels

_CANDIDATES = 50
_ALL = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """The evaluation that a question is about, with a word for each of its runs and evaluators."""

    overview: Overview
    run_labels: dict[str, str]
    evaluator_labels: dict[str, str]

    @property
    def id(self) -> str:
        """The id of the evaluation."""
        return self.overview.evaluation.id

    @property
    def runs(self) -> list[RunRow]:
        """Its runs, the oldest first."""
        return self.overview.runs

    @property
    def evaluators(self) -> list[EvaluatorRow]:
        """The evaluators attached to it."""
        return self.overview.evaluators

    def find_run(self, word: str) -> RunRow:
        """The run that a word names. Raises NotFound, Invalid."""
        return find_run(self.runs, word)

    def find_runs(self, words: Sequence[str] | None) -> list[RunRow]:
        """The runs that words name, each once, or all of them without any. Raises NotFound, Invalid."""
        if not words:
            return self.runs
        return list({run.id: run for run in (find_run(self.runs, word) for word in words)}.values())

    def find_evaluator(self, word: str) -> EvaluatorRow:
        """The evaluator that a word names. Raises NotFound, Invalid."""
        return find_evaluator(self.evaluators, word)


class Review:
    """One question's access to the data; `has_recalled` once an evaluation was taken as it was seen before."""

    def __init__(self, client: EvalsClient, progress: Progress | None = None, *, trusts: bool = False) -> None:
        self.client = client
        self._trusts = trusts
        self.has_recalled = False
        self._extended = Extended(client)
        self._documented = Documented(client, progress)

    @property
    def logs_read(self) -> int:
        """How many logs were paged through because the server has only the documented API; 0 with the extension."""
        return self._documented.logs_read

    async def source(self) -> Source:
        """The extension where the server has it, else the documented routes. Which, its first answer tells.

        Whatever a server says to a route that it does not know (not found, not allowed, a page for people, the way to
        a login), it has no extension. One that is out of reach or too busy says nothing about that.
        """
        if self.client.extended is None:
            try:
                await self._extended.list_evaluations(None, 1, 0)
            except EvalsError as error:
                if error.status in PASSING and not self._has_answered():
                    raise
        return self._extended if self.client.extended else self._documented

    def _has_answered(self) -> bool:
        return self.client.extended is not None

    async def recall_evaluation(self, word: str) -> Subject:
        """Like `find_evaluation`, but as this client saw it last, for a question whose rows tell if that is outdated.

        The rows then raise Outdated, and the whole question is to be asked again with a review that trusts nothing.
        """
        if self._trusts and self.client.extended:
            overview = self._extended.recall_overview(word.strip())
            if overview is not None:
                self.has_recalled = True
                return _subject(overview)
        return await self.find_evaluation(word)

    async def find_evaluation(self, word: str) -> Subject:
        """The evaluation that a word names: id, name, file path, or the start of one of these.

        Raises Invalid if it fits several, with these listed, and NotFound with the nearest names.
        """
        source = await self.source()
        try:
            return _subject(await source.get_overview(word.strip()))
        except (NotFound, Invalid):
            pass
        found = await source.list_evaluations(word.strip() or None, _CANDIDATES, 0)
        if found.total > len(found.rows):
            found = await source.list_evaluations(word.strip() or None, _ALL, 0)
        if not found.rows:
            every = (await source.list_evaluations(None, _ALL, 0)).rows
            known = nearest(word, [_label(row) for row in every])
            raise NotFound(f"evaluation: there is none called {shown(word)}. {known}")
        row = pick(found.rows, word, "evaluation", _names, _label)
        return _subject(await source.get_overview(row.id))

    async def find_log(self, word: str) -> LogResponse:
        """The log with this id, or whose id alone begins so.

        Raises Invalid if several do, with the newest of them listed, and NotFound with the nearest ids.
        """
        wanted = word.strip()
        try:
            return await self.client.logs.get(wanted)
        except (NotFound, Invalid):
            source = await self.source()
        found = await source.find_log_ids(wanted, _CANDIDATES)
        if not found:
            near = [id for part in (0.75, 0.5) for id in await source.find_log_ids(_first(wanted, part), _CANDIDATES)]
            known = nearest(word, list(dict.fromkeys(near))) if near else "get_logs shows logs with their ids."
            raise NotFound(f"log: there is none with the id {shown(word)}. {known}")
        return await self.client.logs.get(only(found, word, "log"))

    async def find_datapoint(self, subject: Subject, word: str) -> str:
        """The id of the datapoint that a word is the unique beginning of; the word itself if no dataset has it.

        Raises Invalid if it is the beginning of several, with these listed.
        """
        wanted = word.strip()
        found = await (await self.source()).find_datapoint_ids(subject.id, wanted, _CANDIDATES)
        return wanted if not found or wanted in found else only(found, word, "datapoint")


def _first(word: str, part: float) -> str:
    return word[: max(1, int(len(word) * part))]


def _subject(overview: Overview) -> Subject:
    return Subject(overview, run_labels(overview.runs), evaluator_labels(overview.evaluators))


def _names(row: EvaluationRow) -> list[str]:
    return [row.id, row.name or "", row.file_path or ""]


def _label(row: EvaluationRow) -> str:
    return f"{row.name or 'unnamed'} ({row.id})"
