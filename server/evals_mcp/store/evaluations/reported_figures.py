"""Figures of runs that other tools reported."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import runs


def figures_json(figures: Sequence[ReportedFigure] | None) -> list[Any] | None:
    """Figures as their column holds them; null for none."""
    return [figure.model_dump(mode="json") for figure in figures or ()] or None


def read_reported_figures(connection: Connection, run_ids: Sequence[str]) -> dict[str, list[ReportedFigure]]:
    """The reported figures of runs that have any, by run id."""
    found: dict[str, list[ReportedFigure]] = {}
    for batch in batches(run_ids):
        of_runs = runs.c.id.in_(batch) & runs.c.reported_figures.is_not(None)
        for run_id, figures in connection.execute(select(runs.c.id, runs.c.reported_figures).where(of_runs)):
            found[run_id] = [ReportedFigure.model_validate(figure) for figure in figures]
    return found


def set_reported_figures(connection: Connection, run_id: str, figures: Sequence[ReportedFigure], now: datetime) -> None:
    """Replace the reported figures of a run."""
    values = {"reported_figures": figures_json(figures), "revision": runs.c.revision + 1, "updated_at": now}
    connection.execute(update(runs).where(runs.c.id == run_id).values(values))


def merged_figures(stored: Sequence[ReportedFigure], given: Sequence[ReportedFigure]) -> list[ReportedFigure]:
    """Stored figures with the given ones, each in place of one with its name, evaluator and source."""
    by_key = {(figure.name, figure.evaluator, figure.source): figure for figure in (*stored, *given)}
    return list(by_key.values())
