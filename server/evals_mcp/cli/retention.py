"""`evals-mcp retention`: delete evaluations and logs that did not change for long."""

import argparse
import os
import re
import sys
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from evals_mcp.cli import completers
from evals_mcp.cli.actor import actor_of
from evals_mcp.cli.arguments import add_served_database, database_of
from evals_mcp.cli.completers import completed
from evals_mcp.cli.printing import print_rows
from evals_mcp.errors import Invalid
from evals_mcp.models.sizes import size_words

if TYPE_CHECKING:
    from evals_mcp.keeping.workspaces import OpenWorkspace
    from evals_mcp.store.removal.retention import Plan

_TOOL = "evals-mcp retention"
_LONGEST_PAUSE = 0.5


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("retention", help="show or delete what did not change for long")
    command.add_argument(
        "--older-than", metavar="DAYSd", required=True, help="such as 365d: the age of the last change"
    )
    keep = command.add_argument(
        "--keep", metavar="EVALUATION", action="append", default=[], help="name or id of one that stays; repeatable"
    )
    completed(keep, completers.evaluations)
    command.add_argument("--dry-run", action="store_true", help="only show what would go, as without --yes")
    command.add_argument("--yes", action="store_true", help="delete it; nothing brings it back")
    command.add_argument("--vacuum", action="store_true", help="then give the space back to the disk")
    command.add_argument("--workspace", metavar="NAME", help="the workspace (PostgreSQL only)")
    add_served_database(command)
    command.set_defaults(command=_retain)


def _retain(parsed: argparse.Namespace) -> int:
    from evals_mcp.keeping.workspaces import compact, free_bytes, opened_workspace
    from evals_mcp.store.removal.retention import Retention

    before = datetime.now(UTC) - _age(parsed.older_than)
    with opened_workspace(database_of(parsed), parsed.workspace) as opened:
        retention = Retention(opened.store.database)
        keep = _kept(opened, parsed.keep)
        plan = retention.plan(before, keep)
        _show(plan)
        if not parsed.yes or parsed.dry_run:
            what_next = (
                "There is nothing to delete." if plan.is_empty else "Nothing was changed. To delete it, add --yes."
            )
            print(what_next, file=sys.stderr)
            return 0
        if not plan.is_empty:
            _delete(retention, before, keep)
        if parsed.vacuum:
            compact(opened.store.database)
        elif free := free_bytes(opened.store.database):
            print(
                f"{size_words(free)} in the file are free for new data. --vacuum gives them back to the disk; "
                "nobody can write while it runs.",
                file=sys.stderr,
            )
    print("Deleted." if not plan.is_empty else "There is nothing to delete.")
    return 0


def _age(given: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,5})d", given.strip())
    if match is None or int(match[1]) < 1:
        raise Invalid("--older-than takes days, such as 365d.")
    return timedelta(days=int(match[1]))


def _kept(opened: "OpenWorkspace", names: Sequence[str]) -> set[str]:
    """The ids of the evaluations that stay. Raises NotFound for one that is not there, so that none goes by mistake."""
    from evals_mcp.store.removal.retention import find_evaluations

    with opened.store.database.read() as connection:
        return find_evaluations(connection, names)


def _delete(retention: Any, before: datetime, keep: Collection[str]) -> None:
    """Delete step by step, and leave as much time to others as each step took."""
    from evals_mcp.store.database.acts import Act, begin_act, without_act

    with without_act():
        begin_act(Act(actor=actor_of(os.environ), tool=_TOOL, operation="retention"))
        start = time.monotonic()
        for _ in retention.steps(before, keep):
            time.sleep(min(time.monotonic() - start, _LONGEST_PAUSE))
            start = time.monotonic()


def _show(plan: "Plan") -> None:
    rows = [(item.id, item.name or "-", f"{item.changed_at:%Y-%m-%d}", f"{item.runs:,}") for item in plan.evaluations]
    print_rows(("evaluation", "name", "last change", "runs"), rows)
    counts = (
        f"{len(plan.evaluations):,} evaluations, {plan.runs:,} runs that no other evaluation has, {plan.logs:,} logs "
        f"and {plan.judgments:,} judgments of them"
    )
    print(f"To delete: {counts}.", file=sys.stderr)
