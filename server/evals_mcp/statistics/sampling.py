"""An even, repeatable sample of judged items; no reading of logs, no random state."""

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import islice, zip_longest
from typing import Any

Judgment = bool | float | str | Sequence[str] | None

# Numbers with more distinct values than this are cut into as many bins.
BINS = 8
# Words with more distinct values than this are free text: its values say nothing as groups.
MOST_WORDS = 32

Label = tuple[int, Any]
_BOOLEAN, _NUMBER, _WORDS, _NO_NUMBER, _NOTHING = range(5)


def even_sample(judged: Iterable[tuple[str, Judgment]], size: int, seed: int = 0) -> list[str]:
    """Choose up to `size` ids, in turns from each judgment: the lowest, the highest, then those between.

    Each distinct judgment is a group; many distinct numbers are `BINS` groups of about as many items each, equal
    numbers together, and free text is one group. NaN and None (no judgment) are groups of their own that come last.
    Within a group a hash of seed and id decides. So the order of the input does not matter, a smaller sample is the
    beginning of a larger one, and an added item displaces few others.
    """
    groups: dict[Label, list[str]] = {}
    for key, label in _labels(dict(judged)).items():
        groups.setdefault(label, []).append(key)
    queues = [sorted(groups[label], key=lambda key: _rank(key, seed)) for label in _in_turn(groups)]
    turns = (key for turn in zip_longest(*queues) for key in turn if key is not None)
    return list(islice(turns, max(0, size)))


def sample_key(run_id: str, datapoint_id: str | None, place: int) -> str:
    """The key of a log among those of a sample: `place` counts the run's logs for the datapoint, the oldest is 0."""
    return f"{run_id}/{datapoint_id or ''}/{place}"


def _rank(key: str, seed: int) -> tuple[bytes, str]:
    return blake2b(f"{seed}:{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), key


def _labels(items: dict[str, Judgment]) -> dict[str, Label]:
    labels = {key: _label(value) for key, value in items.items()}
    counts = Counter(labels.values())
    coarse: dict[Label, Label] = {}
    numbers = sorted(label for label in counts if label[0] == _NUMBER)
    if len(numbers) > BINS:
        total = sum(counts[label] for label in numbers)
        below = 0
        for label in numbers:
            coarse[label] = (_NUMBER, int(BINS * (below + counts[label] / 2) / total))
            below += counts[label]
    words = [label for label in counts if label[0] == _WORDS]
    if len(words) > MOST_WORDS:
        coarse |= dict.fromkeys(words, (_WORDS, ()))
    return {key: coarse.get(label, label) for key, label in labels.items()}


def _label(value: Judgment) -> Label:
    if value is None:
        return _NOTHING, 0
    if isinstance(value, bool):
        return _BOOLEAN, value
    if isinstance(value, int | float):
        return (_NO_NUMBER, 0) if value != value else (_NUMBER, value)
    return _WORDS, (value,) if isinstance(value, str) else tuple(sorted(set(value)))


def _in_turn(labels: Iterable[Label]) -> list[Label]:
    """The judgments in the order in which they are served: both ends first, then the middles of what is between."""
    ordered = sorted(labels)
    judged = [label for label in ordered if label[0] < _NO_NUMBER]
    spans = [(0, len(judged) - 1)]
    positions = [0, len(judged) - 1]
    for low, high in spans:
        middle = (low + high) // 2
        if low < middle:
            positions.append(middle)
            spans += [(low, middle), (middle, high)]
    return [judged[position] for position in dict.fromkeys(positions) if judged] + ordered[len(judged) :]
