"""Results that an import read before, in the same or another file."""

from typing import NamedTuple

from evals_mcp.importers.results import Result, fingerprint


class Earlier(NamedTuple):
    """The file that has a result with the same id, and whether its content is the same."""

    file: str
    is_same: bool


class EarlierResults:
    """The results of an evaluation that were read, by their ids and the files of their runs."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._own_ids: dict[bytes, tuple[str, bytes]] = {}

    def find(self, result: Result) -> Earlier | None:
        """The same result in an earlier one: with the same id, else in another file with the same run key.

        Raises ValueError if a value cannot be stored.
        """
        key, file = result.run.key, result.location.path
        if result.id is None:
            owner = self._files.setdefault(key, file) if key else file
            return None if owner == file else Earlier(owner, is_same=True)
        judged = [[score.evaluator, score.judgment, score.explanation, score.error] for score in result.scores]
        content = fingerprint([result.case.inputs, result.output, result.error, judged])
        own = fingerprint([key, result.version.label, result.id])
        if own not in self._own_ids:
            self._own_ids[own] = (file, content)
            return None
        return Earlier(self._own_ids[own][0], is_same=self._own_ids[own][1] == content)
