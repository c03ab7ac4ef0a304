"""Notes on rankings: what is not ranked, not tested, or not of the same datapoints."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.ranking_names import LISTED, RankingNames
from evals_mcp.models.rankings import RankingRows


def ranking_notes(names: RankingNames, rows: RankingRows) -> list[Quoted]:
    """What is not ranked or rated, and why; which means are of different datapoints."""
    notes: list[Quoted] = []
    told = [ranking for ranking in rows.rankings if ranking.pairs]
    if single := [ranking.evaluator_version_id for ranking in rows.rankings if not ranking.pairs]:
        notes += [f"Not ranked, because no two runs are judged: {names.evaluators(single)}."] if told else []
    unjudged: dict[Quoted, list[Quoted]] = {}
    for ranking in told:
        called = names.evaluator(ranking)
        if ranking.unjudged:
            unjudged.setdefault(names.runs(ranking.unjudged), []).append(called)
        if ranking.omitted:
            amount = figures.count(len(ranking.omitted), "run")
            notes.append(f"Not ranked by {called}: {amount} with worse means. Choose runs with where=.")
        apart: list[Quoted] = [
            f"{names.run(ranking.runs[pair.first].run_id)} and {names.run(ranking.runs[pair.second].run_id)}"
            for pair in ranking.pairs
            if not pair.comparison.pairs
        ]
        if apart:
            notes.append(f"No shared datapoint by {called}, so not tested: {figures.listed(apart, LISTED)}.")
    notes += [
        f"Not judged by {figures.listed(evaluators, LISTED)}: {run_names}."
        for run_names, evaluators in unjudged.items()
    ]
    if uneven := [item for item in told if any(run.datapoints > item.shared for run in item.runs)]:
        shared: list[Quoted] = [f"{figures.count(item.shared)} by {names.evaluator(item)}" for item in uneven]
        if len({item.shared for item in uneven}) == 1:
            shared = [figures.count(uneven[0].shared)]
        notes.append(
            "Means and order are of each run's own datapoints, tests of those that two runs share. Datapoints judged "
            f"in all runs: {figures.listed(shared, LISTED)}."
        )
    if rows.unnamed:
        notes.append(
            f"No ratings by {names.evaluators(rows.unnamed)}: a side is chosen, but no fields of the datapoints name "
            "the models. To rate them, give datapoints two such fields: metadata.model_a and metadata.model_b."
        )
    if rows.undirected:
        notes.append(f"Not ranked, because no judgment is better than another: {names.evaluators(rows.undirected)}.")
    if rows.waiting:
        notes.append(f"Not ranked yet, name one with evaluator=: {names.evaluators(rows.waiting)}.")
    return notes
