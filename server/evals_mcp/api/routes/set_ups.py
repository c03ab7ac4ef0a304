"""Our extension of the API: set up a run with all that it needs, in one request."""

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.models.set_ups import SetUpRequest, SetUpResponse

router = PrefixedRouter(prefix="/set-ups", tags=["set-ups (extension)"])


@router.post("")
def set_up_run(store: CurrentStore, act: CurrentAct, request: SetUpRequest) -> SetUpResponse:
    """Find or create a run and what it needs: all of it, or nothing. With `dry_run`, say what would be created."""
    return store.set_ups.set_up(request, act)
