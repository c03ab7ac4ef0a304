"""The true figures of the judges' votes, with pandas, SciPy and scikit-learn; nothing here uses the package."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.review.judges_document import LABELLED, ORDERS, evaluator_name, read_lines
from benchmarks.review.truth import adjust
from scipy.optimize import brentq
from scipy.stats import binomtest, norm, ttest_ind
from sklearn.metrics import cohen_kappa_score

FIELDS = ("subset", "better")
SUBSETS = ("natural", "neighbor", "gptinst", "gptout", "manual")
GPT4, METRICS, COT = "gpt-4-vanilla", "gpt-4-metrics-reference", "gpt-4-cot"
CHATGPT, FALCON, PALM, LLAMA = "chatgpt-vanilla", "falcon-vanilla", "palm2-vanilla", "llama2-vanilla"


@cache
def votes() -> pd.DataFrame:
    """A row for each datapoint and order (`first`, `swapped`), a column for people and each judge; None if no vote."""
    rows = []
    for point, line in zip(read_lines("dataset.jsonl"), read_lines("votes.jsonl"), strict=True):
        for order, key in ORDERS.items():
            cast = {evaluator_name(name): vote[key] for name, vote in line.items() if "/" in name}
            known = {"id": line["id"], "subset": point["metadata"]["subset"], "better": point["target"]["better"]}
            rows.append({**known, "order": order, "people": line["human"], **cast})
    return pd.DataFrame(rows)


def voters() -> list[str]:
    """People and the judges, as evaluators are named."""
    return [column for column in votes().columns if column not in ("id", "subset", "better", "order")]


def agreement(first: str, second: str, rows: pd.DataFrame) -> tuple[int, float, float]:
    """Rows that both voted on, the share of equal votes, and Cohen's kappa."""
    both = rows[[first, second]].dropna()
    return len(both), float((both[first] == both[second]).mean()), float(cohen_kappa_score(both[first], both[second]))


def recall(judge: str, option: str, rows: pd.DataFrame) -> float:
    """How often a judge votes for an option where people do."""
    chosen = rows[(rows["people"] == option) & rows[judge].notna()]
    return float((chosen[judge] == option).mean())


def alpha(columns: list[str], rows: pd.DataFrame) -> float:
    """Krippendorff's nominal alpha from the coincidences of votes within each row."""
    observed: dict[tuple[str, str], float] = {}
    for given in rows[columns].to_numpy():
        cast = [vote for vote in given if isinstance(vote, str)]
        for i, one in enumerate(cast):
            for j, other in enumerate(cast):
                if i != j:
                    observed[one, other] = observed.get((one, other), 0) + 1 / (len(cast) - 1)
    totals: dict[str, float] = {}
    for (one, _), weight in observed.items():
        totals[one] = totals.get(one, 0) + weight
    amount = sum(totals.values())
    disagree = sum(weight for (one, other), weight in observed.items() if one != other)
    expected = (amount**2 - sum(total**2 for total in totals.values())) / (amount - 1)
    return 1 - disagree / expected


@cache
def judgments() -> pd.DataFrame:
    """A row for each judge and datapoint: `run`, `correct`, `correct_swapped`, `consistent` (None if abstained)."""
    fields = {point["id"]: (point["metadata"]["subset"], point["target"]["better"]) for point in _points()}
    rows: list[dict[str, Any]] = []
    for name in voters()[1:]:
        for line in read_lines(f"logs-{name}.jsonl"):
            subset, better = fields[line["datapoint_id"]]
            said = {evaluator: given.get("judgment") for evaluator, given in line["judgments"].items()}
            rows.append({"run": name, "id": line["datapoint_id"], "subset": subset, "better": better, **said})
    return pd.DataFrame(rows)


def _points() -> list[dict[str, Any]]:
    return read_lines("dataset.jsonl")


@cache
def by_run() -> pd.DataFrame:
    """`correct` (1, 0 or NaN) of each datapoint (rows) by each judge (columns)."""
    table = judgments().pivot(index="id", columns="run", values="correct")
    return table.map(lambda said: np.nan if said is None else float(said))


class Paired:
    """Two judges on the datapoints that both judged; with `missing_fails`, abstained counts as wrong."""

    def __init__(self, baseline: str, candidate: str, *, missing_fails: bool = False) -> None:
        table = by_run()[[baseline, candidate]]
        table = table.fillna(0.0) if missing_fails else table.dropna()
        known = judgments().drop_duplicates("id").set_index("id")[list(FIELDS)]
        self.rows = table.join(known)
        self.before, self.after = self.rows[baseline], self.rows[candidate]
        self.change = self.after - self.before

    def group(self, field: str, value: str) -> "Group":
        """The datapoints with a value of a field."""
        return Group(self, self.rows[field] == value)

    @property
    def all(self) -> "Group":
        """All datapoints."""
        return Group(self, pd.Series(True, index=self.rows.index))

    def located(self) -> list[tuple[float, str, str]]:
        """Each group of the fields with its p, smallest first: the larger of McNemar's and Welch's against the others,
        Holm-adjusted over all groups that changed.
        """
        found = []
        for field in FIELDS:
            for value in self.rows[field].unique():
                group = self.group(field, value)
                if group.better + group.worse:
                    apart = ttest_ind(self.change[group.chosen], self.change[~group.chosen], equal_var=False).pvalue
                    found.append((max(group.p_value, float(apart)), field, value))
        adjusted = adjust([p for p, _, _ in found])
        return sorted((p, field, value) for p, (_, field, value) in zip(adjusted, found, strict=True))


class Group:
    """Some of the datapoints of two judges."""

    def __init__(self, paired: Paired, chosen: "pd.Series[bool]") -> None:
        self.chosen = chosen
        self.pairs = int(chosen.sum())
        self.before, self.after = float(paired.before[chosen].mean()), float(paired.after[chosen].mean())
        change = paired.change[chosen]
        self.better, self.worse = int((change > 0).sum()), int((change < 0).sum())

    @property
    def difference(self) -> float:
        """In points."""
        return 100 * (self.better - self.worse) / self.pairs

    @property
    def counts(self) -> str:
        """Better, worse and same."""
        return f"{self.better}/{self.worse}/{self.pairs - self.better - self.worse}"

    @property
    def p_value(self) -> float:
        """McNemar's exact p; 1 if nothing changed."""
        return float(binomtest(self.better, self.better + self.worse).pvalue) if self.better + self.worse else 1.0

    def interval(self) -> tuple[float, float]:
        """Tango's 95 % interval of the difference in points: where his score statistic is 1.96."""
        gained, lost, size = self.better, self.worse, self.pairs
        z = norm.ppf(0.975)

        def score(difference: float) -> float:
            b = -gained - lost + (2 * size - gained + lost) * difference
            c = -lost * difference * (1 - difference)
            q = (sqrt(max(b * b - 8 * size * c, 0)) - b) / (4 * size)
            variance = size * (2 * q + difference * (1 - difference))
            return float((gained - lost - size * difference) / sqrt(variance))

        middle = (gained - lost) / size
        low = brentq(lambda at: score(at) - z, -0.9999, middle - 1e-9)
        high = brentq(lambda at: score(at) + z, middle + 1e-9, 0.9999)
        return 100 * low, 100 * high


@cache
def wins() -> pd.DataFrame:
    """A row for each datapoint and output: whether it wins, by judges, and by people where they judged (else NaN)."""
    frame = votes()
    parts = []
    for output, order in (("output_1", "first"), ("output_2", "swapped")):
        part = frame[frame["order"] == order].reset_index(drop=True)
        won = (part[voters()] == output).astype(float).assign(run=output)
        won.loc[np.arange(len(won)) % LABELLED[output] != 0, "people"] = np.nan
        parts.append(won)
    return pd.concat(parts, ignore_index=True)


def weighted_rate(judge: str, run: str) -> float:
    """People's rate for each judgment of the judge, weighted by how often the judge gives it in the run."""
    rows = wins()[wins()["run"] == run]
    rate = rows.groupby(judge)["people"].mean()
    share = rows[judge].value_counts(normalize=True)
    return float((rate * share).sum())


def rate_by_errors(judge: str, run: str) -> float:
    """Rogan and Gladen's rate of a run, from the judge's errors on the labels of all runs."""
    labelled = wins().dropna(subset=["people"])
    positive = labelled[labelled["people"] == 1][judge].mean()
    negative = 1 - labelled[labelled["people"] == 0][judge].mean()
    apparent = wins()[wins()["run"] == run][judge].mean()
    return float((apparent + negative - 1) / (positive + negative - 1))


def bins(values: "pd.Series[float]", amount: int) -> Iterable[tuple[float, float, "pd.Series[bool]"]]:
    """Bins with about equally many values: the lowest and highest value of each, and which values are in it."""
    edges = np.quantile(values, np.linspace(0, 1, amount + 1))
    for index, (low, high) in enumerate(pairwise(edges)):
        chosen = (values > low if index else values >= low) & (values <= high)
        yield float(values[chosen].min()), float(values[chosen].max()), chosen
