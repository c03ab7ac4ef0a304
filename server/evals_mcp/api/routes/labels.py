"""Our extension of the API: label logs of an evaluation, all or none."""

from evals_mcp.api.access import CurrentPerson, CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.models.labels import LabelsRequest, LabelsResponse

router = PrefixedRouter(prefix="/evaluations/{id}/labels", tags=["labels (extension)"])


@router.post("")
def label_logs(
    store: CurrentStore, person: CurrentPerson, act: CurrentAct, id: str, request: LabelsRequest
) -> LabelsResponse:
    """Judge logs as a person or an assistant: all of them, or none. With `dry_run`, say what would be stored."""
    return store.labels.label(id, request, person, act)
