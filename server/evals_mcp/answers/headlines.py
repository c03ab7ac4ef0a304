"""The headline figure of an evaluator in a run, its difference from another run's, and constant evaluators."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.figures import EvaluatorFigures

_OPTIONS = 3
_MANY_OPTIONS = 6
_INFORMATIVE = 0.2  # of many options, the top one is worth showing from this share on
_OPTION_LENGTH = 40


def headline(stats: EvaluatorFigures) -> Quoted:
    """The rate of true, the mean, or the top options with their shares; "" without judgments."""
    if not stats.num_judgments:
        return ""
    if stats.average is not None:
        return figures.mean(stats.average) if stats.num_true is None else f"{figures.rate(stats.average)} true"
    if stats.options is not None:
        counted = {option: count / stats.num_judgments for option, count in stats.options.items()}
        return _leading(counted if stats.shares is None else stats.shares)
    return f"{figures.count(stats.num_judgments)} judged"


def pass_words(stats: EvaluatorFigures) -> Quoted:
    """The rate of judgments that pass by the evaluator's own verdict: `75% passed`; "" if it says none, or what the
    judgments say, too."""
    rate = stats.pass_rate
    if rate is None or stats.num_passed == stats.num_true:
        return ""
    verdicts = (stats.num_passed or 0) + (stats.num_not_passed or 0)
    amount = "" if verdicts == stats.num_judgments else f" of {figures.count(verdicts)}"
    return f"{figures.rate(rate)}{amount} passed"


def difference(stats: EvaluatorFigures, control: EvaluatorFigures) -> Quoted:
    """The signed difference of two numeric headlines as shown: `+0.07`, `-5 points`; "" for others."""
    if stats.average is None or control.average is None:
        return ""
    write = figures.change if stats.num_true is None else figures.rate_change
    return write(control.average, stats.average)


def constant_value(all_stats: list[EvaluatorFigures]) -> Quoted | None:
    """The one judgment of all logs in these runs (at least two judgments); None if they vary."""
    judged = [stats for stats in all_stats if stats.num_judgments]
    if sum(stats.num_judgments for stats in judged) < 2:
        return None
    values = {_constant(stats) for stats in judged}
    return values.pop() if len(values) == 1 else None


def _constant(stats: EvaluatorFigures) -> Quoted | None:
    if stats.num_true is not None:
        if 0 < stats.num_true < stats.num_judgments:
            return None
        return "true" if stats.num_true else "false"
    if stats.low is not None:
        return figures.number(stats.low) if stats.low == stats.high else None
    chosen = [(option, count) for option, count in (stats.options or {}).items() if count]
    if len(chosen) == 1 and chosen[0][1] == stats.num_judgments:
        return name(chosen[0][0])
    return None


def _leading(shares: dict[str, float]) -> Quoted:
    ordered = sorted(((option, share) for option, share in shares.items() if share), key=_most)
    if len(ordered) > _MANY_OPTIONS and ordered[0][1] < _INFORMATIVE:
        return figures.count(len(ordered), "option")
    amount = _OPTIONS if len(ordered) <= _MANY_OPTIONS else 1
    shown: list[Quoted] = [f"{_shown(option)} {figures.rate(share)}" for option, share in ordered[:amount]]
    others = len(ordered) - amount
    return ", ".join(shown) + (f" and {figures.count(others)} more" if others > 0 else "")


def _most(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


def _shown(option: str) -> Quoted:
    return name(option) if len(option) <= _OPTION_LENGTH else quote(option, _OPTION_LENGTH)
