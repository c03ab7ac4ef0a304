"""A reviewer's way to the data: finds what is meant, and asks whichever source the server allows."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import EvalsError, NotFound
from evals_mcp.models.review import EvaluationRow, EvaluatorRow, Overview, RunRow
from evals_mcp.review.documented import Documented, Progress
from evals_mcp.review.extended import Extended
from evals_mcp.review.names import evaluator_labels, find_evaluator, find_run, nearest, pick, run_labels, shown
from evals_mcp.review.source import Source

_CANDIDATES = 50
_ALL = 1_000


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
    """One question's access to the data."""

    def __init__(self, client: EvalsClient, progress: Progress | None = None) -> None:
        self.client = client
        self._extended = Extended(client)
        self._documented = Documented(client, progress)

    @property
    def logs_read(self) -> int:
        """How many logs were paged through because the server has only the documented API; 0 with the extension."""
        return self._documented.logs_read

    async def source(self) -> Source:
        """The extension where the server has it, else the documented routes. Which, its first answer tells."""
        if self.client.extended is None:
            try:
                await self._extended.list_evaluations(None, 1, 0)
            except EvalsError:
                # Only a server that answered tells which it is; one that did not is out of reach for both.
                if self.client.extended is None:
                    raise
        return self._extended if self.client.extended else self._documented

    async def find_evaluation(self, word: str) -> Subject:
        """The evaluation that a word names: id, name, file path, or the start of one of these.

        Raises Invalid if it fits several, with these listed, and NotFound with the nearest names.
        """
        source = await self.source()
        try:
            return _subject(await source.get_overview(word.strip()))
        except NotFound:
            pass
        candidates = (await source.list_evaluations(word.strip() or None, _CANDIDATES, 0)).rows
        if not candidates:
            every = (await source.list_evaluations(None, _ALL, 0)).rows
            known = nearest(word, [_label(row) for row in every])
            raise NotFound(f"evaluation: there is none called {shown(word)}. {known}")
        row = pick(candidates, word, "evaluation", _names, _label)
        return _subject(await source.get_overview(row.id))


def _subject(overview: Overview) -> Subject:
    return Subject(overview, run_labels(overview.runs), evaluator_labels(overview.evaluators))


def _names(row: EvaluationRow) -> list[str]:
    return [row.id, row.name or "", row.file_path or ""]


def _label(row: EvaluationRow) -> str:
    return f"{row.name or 'unnamed'} ({row.id})"
