"""The logs and datapoints that a judge's prompt shows as examples: they tell nothing about how it judges others.

A specification can name them (`attributes.examples`). Marked later, they are beside it and identify no version.
"""

from collections.abc import Sequence

from sqlalchemy import update

from evals_mcp.models.evaluators import EXAMPLES, example_ids
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import versions
from evals_mcp.store.files.versions import version_by_id


class JudgeExamples(Repository):
    """Marks examples."""

    def mark(self, version_id: str, ids: Sequence[str]) -> list[str]:
        """Replace the marked examples of an evaluator version. Returns them with those that its specification names.

        Ids are of logs or datapoints; unknown ones are kept, too. Raises NotFound.
        """
        with self._database.write() as connection:
            version = version_by_id(connection, version_id, ["evaluator"])
            content = {key: value for key, value in version.content.items() if key != EXAMPLES}
            if ids:
                content[EXAMPLES] = sorted(set(ids))
            changed = {"content": content, "updated_at": self._database.now()}
            connection.execute(update(versions).where(versions.c.id == version.id).values(**changed))
            note("changed", version.id)
            return example_ids(content["spec"], ids)
