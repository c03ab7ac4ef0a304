"""Runs in order as an answer: ranks that the data can tell, then the tests of pairs behind them."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from evals_mcp.answers import intervals
from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import Call, left_out
from evals_mcp.answers.frame.lists import Rank
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.answers.model_ratings import (
    MODEL_HEADERS,
    MODEL_PAIR_HEADERS,
    RATING_MEANING,
    model_cells,
    model_pair_cells,
    rank_range,
    rating_line,
)
from evals_mcp.answers.subjects import subject
from evals_mcp.models.model_ratings import RatedPair
from evals_mcp.models.rankings import RankedPair, RankedRun, Ranking, RankingRows
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow

_LISTED = 6
_MEANING: Quoted = (
    "Ranks are ranges where tests find no significant difference: the first number is 1 plus the runs that are "
    "significantly better, the last counts all runs but those that are significantly worse. Tests: paired, on shared "
    "datapoints, Holm over all pairs by one evaluator."
)
_HEADERS: list[Quoted] = ["evaluator", "rank", "run", "mean (95%)", "datapoints", "significantly better than"]


def summarize_rankings(
    evaluation: ResolvedEvaluation,
    rows: RankingRows,
    budget: int,
    *,
    filtered: Quoted = "",
    notes: Sequence[Quoted] = (),
    offset: int = 0,
    call: Call,
) -> Quoted:
    """By evaluator, best first; then pairs of neighbours before others. The offset counts rows of all tables."""
    answer = Answer(budget)
    names = _Names(evaluation, rows)
    answer.head(f"{subject(evaluation)} Ranking of runs on {figures.count(rows.logs, 'log')}{filtered}.")
    told = [ranking for ranking in rows.rankings if ranking.pairs]
    if rows.logs and rows.rankings and not told:
        answer.line("No evaluator judged two runs here, so there is no run to rank.")
    if rows.logs and not (rows.rankings or rows.ratings or rows.undirected or rows.unnamed):
        answer.line("No evaluator is attached, so there is nothing to rank by.")
    verdicts: dict[Quoted, list[Quoted]] = {}
    for ranking in told:
        verdicts.setdefault(_verdict(names, ranking), []).append(names.evaluator(ranking))
    for verdict, evaluators in verdicts.items():
        answer.line(f"{figures.listed(evaluators, _LISTED)}: {verdict}")
    for ratings in rows.ratings:
        answer.line(rating_line(evaluation, ratings))
    tables = [
        _Table("run", _HEADERS, [_cells(names, ranking, run) for ranking in told for run in ranking.runs]),
        _Table(
            "model",
            MODEL_HEADERS,
            [model_cells(evaluation, ratings, model) for ratings in rows.ratings for model in ratings.models],
        ),
        _Table(
            "pair",
            _PAIR_HEADERS,
            [_pair_cells(names, ranking, pair) for ranking in told for pair in sorted(ranking.pairs, key=_distance)],
        ),
        _Table(
            "model pair",
            MODEL_PAIR_HEADERS,
            [
                model_pair_cells(evaluation, ratings, pair)
                for ratings in rows.ratings
                for pair in sorted(ratings.pairs, key=_distance)
            ],
        ),
    ]
    _add_tables(answer, tables, offset, call)
    if told:
        answer.note(_MEANING)
    if rows.ratings:
        answer.note(RATING_MEANING)
    for note in (*_ranking_notes(names, rows), *notes, *evaluation.notes):
        answer.note(note)
    return answer.text()


class _Table(NamedTuple):
    """Rows of cells, and what they are of."""

    noun: Quoted
    headers: list[Quoted]
    cells: list[list[Quoted]]


def _add_tables(answer: Answer, tables: Sequence[_Table], offset: int, call: Call) -> None:
    """Add the rows from the offset, which counts those of all tables. Tables of pairs wait for those before them."""
    begin = 0
    for item in tables:
        lines = table(item.headers, item.cells)
        first = max(0, offset - begin)
        if shown := lines[1:][first:]:
            answer.rows(
                shown,
                partial(_footer, call, item.noun, begin + first, len(shown)),
                header=lines[0],
                rank=Rank.EVIDENCE if item.noun.endswith("pair") else Rank.VERDICTS,
                waits=item.noun.endswith("pair"),
            )
        begin += len(item.cells)


def _footer(call: Call, noun: Quoted, begin: int, amount: int, shown: int) -> Quoted:
    return left_out(amount - shown, noun, call.at(begin + shown))


_PAIR_HEADERS: list[Quoted] = ["evaluator", "second, first", "datapoints", "first − second", "95% interval", "p"]


class _Names:
    """The labels of an answer, and what an evaluator's mean is of."""

    def __init__(self, evaluation: ResolvedEvaluation, rows: RankingRows) -> None:
        self._evaluation = evaluation
        self._several = sum(bool(ranking.pairs) for ranking in rows.rankings) > 1

    def run(self, run_id: str) -> Quoted:
        return name(self._evaluation.run_labels[run_id])

    def runs(self, run_ids: Sequence[str]) -> Quoted:
        return figures.listed([self.run(run_id) for run_id in run_ids], _LISTED)

    def evaluators(self, version_ids: Sequence[str]) -> Quoted:
        return figures.listed([name(self._evaluation.evaluator_labels[id]) for id in version_ids], _LISTED)

    def column(self, ranking: Ranking) -> Quoted:
        """The evaluator in a table of several."""
        return self.evaluator(ranking) if self._several else ""

    def row(self, ranking: Ranking) -> EvaluatorRow:
        return self._evaluation.evaluators[self._evaluation.index_of(ranking.evaluator_version_id)]

    def evaluator(self, ranking: Ranking) -> Quoted:
        """`helpful`, `toxic (lower is better)`, `score (passes)`."""
        row = self.row(ranking)
        called = name(self._evaluation.evaluator_labels[ranking.evaluator_version_id])
        if ranking.passes:
            return f"{called} (passes)"
        if row.lower_is_better:
            return f"{called} ({'false' if ranking.is_rate else 'lower'} is better)"
        return called if row.is_directed else f"{called} (highest first)"


def _verdict(names: _Names, ranking: Ranking) -> Quoted:
    """Who is first as far as the tests tell."""
    leaders = [run for run in ranking.runs if run.best == 1]
    pairs = figures.count(len(ranking.pairs), "pair")
    if len(leaders) == 1:
        sure = leaders[0].worst == 1
        than = "all others" if sure else f"{figures.count(len(leaders[0].better_than))} of the others"
        return f"first is {names.run(leaders[0].run_id)}, significantly better than {than} ({pairs})."
    who = names.runs([run.run_id for run in leaders])
    if len(leaders) == len(ranking.runs):
        return f"the data cannot tell which of the {figures.count(len(leaders))} runs is first ({pairs})."
    return f"the data cannot tell which of these {figures.count(len(leaders))} is first: {who} ({pairs})."


def _cells(names: _Names, ranking: Ranking, run: RankedRun) -> list[Quoted]:
    return [
        names.column(ranking),
        rank_range(run.best, run.worst),
        names.run(run.run_id),
        intervals.rate(run.mean) if ranking.is_rate else intervals.coefficient(run.mean),
        figures.count(run.datapoints),
        _better_than(names, ranking, run),
    ]


def _better_than(names: _Names, ranking: Ranking, run: RankedRun) -> Quoted:
    """`all 7 below`, `the last 5`, or which."""
    amount, below = len(run.better_than), len(ranking.runs) - 1 - ranking.runs.index(run)
    if amount > 1 and min(run.better_than) == len(ranking.runs) - amount:
        return f"all {figures.count(below)} below" if amount == below else f"the last {figures.count(amount)}"
    return names.runs([ranking.runs[index].run_id for index in run.better_than])


def _distance(pair: RankedPair | RatedPair) -> tuple[int, int]:
    return pair.second - pair.first, pair.first


def _pair_cells(names: _Names, ranking: Ranking, pair: RankedPair) -> list[Quoted]:
    sides = (names.run(ranking.runs[index].run_id) for index in (pair.second, pair.first))
    row, found = pair.comparison, compared_figures(pair.comparison)
    p_value = row.p_value if row.adjusted_p is None else row.adjusted_p
    return [
        names.column(ranking),
        ", ".join(list(sides)),
        figures.count(row.pairs),
        "" if found is None else found.difference,
        "" if found is None else found.interval,
        name(row.verdict) if p_value is None else figures.p_value(p_value).removeprefix("p=").removeprefix("p"),
    ]


def _ranking_notes(names: _Names, rows: RankingRows) -> list[Quoted]:
    notes: list[Quoted] = []
    told = [ranking for ranking in rows.rankings if ranking.pairs]
    if single := [ranking.evaluator_version_id for ranking in rows.rankings if not ranking.pairs]:
        notes += [f"Not ranked, because no two runs are judged: {names.evaluators(single)}."] if told else []
    for ranking in told:
        called = names.evaluator(ranking)
        if ranking.unjudged:
            notes.append(f"Not judged by {called}: {names.runs(ranking.unjudged)}.")
        if ranking.omitted:
            amount = figures.count(len(ranking.omitted), "run")
            notes.append(f"Not ranked by {called}: {amount} with worse means. Choose runs with where=.")
        apart: list[Quoted] = [
            f"{names.run(ranking.runs[pair.first].run_id)} and {names.run(ranking.runs[pair.second].run_id)}"
            for pair in ranking.pairs
            if not pair.comparison.pairs
        ]
        if apart:
            notes.append(f"No shared datapoint by {called}, so not tested: {figures.listed(apart, _LISTED)}.")
    shared: list[Quoted] = [
        f"{figures.count(ranking.shared)} by {names.evaluator(ranking)}"
        for ranking in told
        if any(run.datapoints > ranking.shared for run in ranking.runs)
    ]
    if shared:
        notes.append(
            "Means and order are of each run's own datapoints, tests of those that two runs share. Datapoints judged "
            f"in all runs: {figures.listed(shared, _LISTED)}."
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
