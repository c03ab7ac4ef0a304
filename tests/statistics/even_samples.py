"""The even sample of judgments at hand, as the store takes it from its tables."""

from collections.abc import Iterable

from evals_mcp.statistics.sampling import Judgment, Label, label_groups, label_of, rank, take_turns


def even_sample(judged: Iterable[tuple[str, Judgment]], size: int, seed: int = 0) -> list[str]:
    """Up to `size` ids."""
    keys: dict[Label, list[str]] = {}
    for key, value in dict(judged).items():
        keys.setdefault(label_of(value), []).append(key)
    groups = label_groups({label: len(alike) for label, alike in keys.items()})
    queues = [
        sorted((key for label in group for key in keys[label]), key=lambda key: (rank(key, seed), key))
        for group in groups
    ]
    return take_turns(queues, size)
