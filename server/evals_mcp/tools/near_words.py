"""Words that a model uses for the values of an argument, and the values that they mean."""

from pydantic import BeforeValidator

OUTCOMES = {
    "regressed": "worse worsened got_worse regression regressions degraded broke broken lost down",
    "improved": "better got_better improvement improvements fixed won up",
    "higher": "increased increase rose raised",
    "lower": "decreased decrease fell dropped",
    "changed": "change changes different differs differing all",
    "same": "unchanged equal tie ties tied no_change no_difference",
    "only_baseline": "baseline baseline_only removed",
    "only_candidate": "candidate candidate_only added new",
    "errors": "error errored failed failure failures",
}
ORDERS = {
    "newest": "new latest recent most_recent",
    "worst": "worst_first lowest judgment score",
    "latency": "slow slowest duration time",
    "cost": "expensive most_expensive costliest highest_cost price",
    "length": "long longest output_length",
}
SHOWN = {
    "all": "any",
    "disagreement": "disagree disagreements conflict conflicts",
    "all_fail": "all_failed all_failing all_false every_fail",
    "failed": "failure failures error errors",
    "abstained": "abstain abstention abstentions null",
    "missing": "unjudged never_judged not_judged",
}

REVIEW_ORDERS = {
    "auto": "default any all mixed",
    "regression": "regressions regressed worse",
    "disagreement": "disagreements disagree conflict conflicts",
    "slice": "slices low_agreement low_agreement_slices",
    "even": "even_sample sample random uniform",
}

RUN_VIEW_WORDS = {
    "runs": "all default list",
    "agreement": "agree kappa judges raters alpha disagreement",
    "failures": "failure failing failed fails errors patterns clusters why topics",
    "relations": "relation correlation correlations correlate distribution distributions histogram quantiles",
    "repeats": "repeat repeated pass@k pass^k variance consistency stability reliability trials epochs",
    "ranking": "rank ranks ranked leaderboard order best bradley_terry elo ratings",
}


def understood(words: dict[str, str]) -> BeforeValidator:
    """Replace a word by the value that it means, in any case, with blanks, hyphens or underscores."""
    meanings = {word: value for value, others in words.items() for word in (value, *others.split())}

    def read(given: object) -> object:
        if not isinstance(given, str):
            return given
        return meanings.get(given.strip().lower().replace("-", "_").replace(" ", "_"), given)

    return BeforeValidator(read)
