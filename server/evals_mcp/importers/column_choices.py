"""Tables that are read with other columns than before: an evaluation of its own for each choice of columns."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import count

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import EvalsError
from evals_mcp.importers.loader import is_extended
from evals_mcp.importers.results import canonical_json
from evals_mcp.importers.tables.columns import Chosen
from evals_mcp.models.ids import derived_id

_OF_CHOICE = "-columns"  # ends the ids of evaluations whose columns somebody named
_PAGE, _MOST_PAGES = 100, 20


class ColumnChoice:
    """The columns that a caller names, and the evaluations that are there, by name.

    Without a name from the caller, an import whose columns are named does not join an evaluation that was read
    otherwise: it would keep what a wrong guess made of the same file.
    """

    def __init__(self, chosen: Chosen, there: Mapping[str, str]) -> None:
        named = {name: value for name, value in asdict(chosen).items() if value and name != "sheet"}
        self._key = canonical_json(named) if named else ""
        self._there = there
        self.renamed: dict[str, str] = {}

    def name(self, wanted: str) -> str:
        """The name of the evaluation: the wanted one, or a numbered one if that was read with other columns."""
        names = (wanted if number == 1 else f"{wanted} {number}" for number in count(1))
        found = next(name for name in names if self._fits(name))
        if found != wanted:
            self.renamed[wanted] = found
        return found

    def evaluation_id(self, name: str) -> str:
        """The id of the evaluation for this choice of columns."""
        if not self._key:
            return derived_id("evr", "import", name, "evr")
        return derived_id("evr", "import", name, "evr", self._key) + _OF_CHOICE

    def notes(self) -> list[str]:
        """A sentence for each evaluation with another name."""
        return [
            f"The evaluation {wanted} was read with other columns and stays as it is. This is {found}. To start over "
            "without the first reading, import into a new database (evals-mcp import --into FILE)."
            for wanted, found in self.renamed.items()
        ]

    def _fits(self, name: str) -> bool:
        there = self._there.get(name)
        if there is None or there == self.evaluation_id(name):
            return True
        return not self._key and not there.endswith(_OF_CHOICE)


async def evaluations_there(client: EvalsClient, *, must_answer: bool) -> dict[str, str]:
    """The ids of the evaluations by name, of the newest ones if names repeat. Empty if the server keeps no ids of ours.

    Raises EvalsError; unless the server must answer, one that refuses has no evaluations.
    """
    try:
        return await _read_evaluations(client)
    except EvalsError:
        if must_answer:
            raise
        return {}


async def _read_evaluations(client: EvalsClient) -> dict[str, str]:
    found: dict[str, str] = {}
    for page in range(_MOST_PAGES if await is_extended(client) else 0):
        rows = await client.reviews.list_evaluations(limit=_PAGE, offset=page * _PAGE)
        for row in rows.rows:
            found.setdefault(row.name or "", row.id)
        if len(rows.rows) < _PAGE:
            break
    return found
