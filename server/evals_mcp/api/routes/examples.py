"""Our extension of the API: which logs a judge's prompt shows as examples."""

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.models.evaluators import JudgeExamples

router = PrefixedRouter(prefix="/review/evaluators", tags=["review (extension)"])


@router.put("/{version_id}/examples")
def mark_examples(store: CurrentStore, act: CurrentAct, version_id: str, request: JudgeExamples) -> JudgeExamples:
    """Replace the examples of a judge's version. Agreement and corrected rates leave these logs out.

    The answer also has the ids that the specification names in `attributes.examples`.
    """
    return JudgeExamples(ids=store.judge_examples.mark(version_id, request.ids, act))
