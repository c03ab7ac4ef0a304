"""A lookup that records what an answer is made of, for scripts."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast

from evals_mcp.client.row_sources import RowSource
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.resolved import ResolvedEvaluation


class Asked(NamedTuple):
    """A question by the name of its method, its arguments, and what was answered."""

    method: str
    arguments: tuple[Any, ...]
    answer: Any


class RecordedLookup(Lookup):
    """Records each question and its answer. `evaluation` is the last that was found."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.asked: list[Asked] = []
        self.evaluation: ResolvedEvaluation | None = None

    async def rows(self) -> RowSource:
        """The source of rows, recorded."""
        return cast(RowSource, _Recorded(await super().rows(), self._record))

    async def find_log(self, word: str) -> LogResponse:
        """Find a log, and record it."""
        found = await super().find_log(word)
        self._record("get_log", (word,), found)
        return found

    def _record(self, method: str, arguments: tuple[Any, ...], answer: Any) -> None:
        if isinstance(answer, ResolvedEvaluation):
            self.evaluation = answer
            return
        if isinstance(answer, tuple):
            self.evaluation, answer = answer
        given = tuple(item for item in arguments if not isinstance(item, ResolvedEvaluation))
        self.asked.append(Asked(method, given, answer))


class _Recorded:
    """Hands each question on, and its answer to `record`."""

    def __init__(self, rows: RowSource, record: Callable[[str, tuple[Any, ...], Any], None]) -> None:
        self._rows = rows
        self._record = record

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        ask = getattr(self._rows, method)

        async def recorded(*arguments: Any, **options: Any) -> Any:
            answer = await ask(*arguments, **options)
            self._record(method, arguments, answer)
            return answer

        return recorded
