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
from evals_mcp.answers.ranking_names import LISTED, RankingNames
from evals_mcp.answers.ranking_notes import ranking_notes
from evals_mcp.answers.subjects import subject
from evals_mcp.models.model_ratings import RatedPair
from evals_mcp.models.rankings import RankedPair, RankedRun, Ranking, RankingRows
from evals_mcp.models.resolved import ResolvedEvaluation

_MEANING: Quoted = (
    "Ranks are ranges where tests find no significant difference: the first number is 1 plus the runs that are "
    "significantly better, the last counts all runs but those that are significantly worse. Tests: paired, on shared "
    "datapoints, Holm over all pairs by one evaluator."
)
_HEADS = 3  # verdicts that no answer is too short for
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
    names = RankingNames(evaluation, rows)
    answer.head(f"{subject(evaluation)} Ranking of runs on {figures.count(rows.logs, 'log')}{filtered}.")
    told = [ranking for ranking in rows.rankings if ranking.pairs]
    if rows.logs and rows.rankings and not told:
        answer.line("No evaluator judged two runs here, so there is no run to rank.")
    if rows.logs and not (rows.rankings or rows.ratings or rows.undirected or rows.unnamed):
        answer.line("No evaluator is attached, so there is nothing to rank by.")
    verdicts: dict[Quoted, list[Quoted]] = {}
    for ranking in told:
        verdicts.setdefault(_verdict(names, ranking), []).append(names.evaluator(ranking))
    for number, (verdict, evaluators) in enumerate(verdicts.items()):
        add = answer.head if number < _HEADS and not offset else answer.line
        add(f"{figures.listed(evaluators, LISTED)}: {verdict}")
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
    for note in (*ranking_notes(names, rows), *notes, *evaluation.notes):
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


def _verdict(names: RankingNames, ranking: Ranking) -> Quoted:
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


def _cells(names: RankingNames, ranking: Ranking, run: RankedRun) -> list[Quoted]:
    return [
        names.column(ranking),
        rank_range(run.best, run.worst),
        names.run(run.run_id),
        intervals.rate(run.mean) if ranking.is_rate else intervals.coefficient(run.mean),
        figures.count(run.datapoints),
        _better_than(names, ranking, run),
    ]


def _better_than(names: RankingNames, ranking: Ranking, run: RankedRun) -> Quoted:
    """`all 7 below`, `the last 5`, or which."""
    amount, below = len(run.better_than), len(ranking.runs) - 1 - ranking.runs.index(run)
    if amount > 1 and min(run.better_than) == len(ranking.runs) - amount:
        every: Quoted = "both" if below == 2 else f"all {figures.count(below)}"
        return f"{every} below" if amount == below else f"the last {figures.count(amount)}"
    return names.runs([ranking.runs[index].run_id for index in run.better_than])


def _distance(pair: RankedPair | RatedPair) -> tuple[int, int]:
    return pair.second - pair.first, pair.first


def _pair_cells(names: RankingNames, ranking: Ranking, pair: RankedPair) -> list[Quoted]:
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
