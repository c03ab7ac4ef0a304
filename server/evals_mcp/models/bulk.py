"""The answers of the bulk routes."""

from evals_mcp.models.evaluation_document import Record
from evals_mcp.models.model import Added, Model
from evals_mcp.models.referring import Kind


class RecordPage(Model):
    """Records that a workspace has. The next page comes after `next`; null at the end."""

    records: list[Record]
    next: str | None = None


class LoadedBatch(Model):
    """The result of a batch: the number of new records of each kind, and ids that stand for others.

    `other_creators` counts the records that have another creator now than they say, because the key is no admin's.
    """

    added: dict[str, int]
    ids: dict[Kind, dict[str, str]]
    other_creators: Added[int] = None
