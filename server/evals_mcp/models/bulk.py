"""The answers of the bulk routes."""

from evals_mcp.models.evaluation_document import Kind, Record
from evals_mcp.models.model import Model


class RecordPage(Model):
    """Records that a workspace has. The next page comes after `next`; null at the end."""

    records: list[Record]
    next: str | None = None


class LoadedBatch(Model):
    """The result of a batch: the number of new records of each kind, and ids that stand for others."""

    added: dict[str, int]
    ids: dict[Kind, dict[str, str]]
