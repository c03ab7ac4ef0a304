"""An even, repeatable sample of judged items. Reads no logs and has no random state.

It takes turns between judgments: the lowest, the highest, then those between. Each distinct judgment is a group. Many
distinct numbers form `BINS` groups of similar size, with equal numbers together. Free text is one group. NaN and None
(no judgment) are separate groups and come last. Within a group, a hash of seed and id decides. So the input order does
not matter, a smaller sample is the start of a larger one, and an added item displaces few others.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import islice, zip_longest
from typing import Any, TypeVar

Judgment = bool | float | str | Sequence[str] | None

# Numbers with more distinct values than this are split into this many bins.
BINS = 8
# Texts with more distinct values than this are free text, which forms one group.
MOST_WORDS = 32

Label = tuple[int, Any]
Item = TypeVar("Item")
_BOOLEAN, _NUMBER, _WORDS, _NO_NUMBER, _NOTHING = range(5)


def take_turns(queues: Iterable[Sequence[Item]], size: int) -> list[Item]:
    """The first `size` items, taking one from each queue in turn."""
    nothing = object()
    turns = (item for turn in zip_longest(*queues, fillvalue=nothing) for item in turn if item is not nothing)
    return list(islice(turns, max(0, size)))  # type: ignore[arg-type]


def label_groups(counts: Mapping[Label, int]) -> list[list[Label]]:
    """The groups of a sample in turn order, each as its labels, from the count of each label."""
    coarse = _coarse(counts)
    groups: dict[Label, list[Label]] = {}
    for label in counts:
        groups.setdefault(coarse.get(label, label), []).append(label)
    return [groups[label] for label in _in_turn(groups)]


def sample_key(run_id: str, datapoint_id: str | None, index: int) -> str:
    """The key of a log in a sample. `index` counts the run's logs for the datapoint; the oldest is 0."""
    return f"{run_id}/{datapoint_id or ''}/{index}"


def rank(key: str, seed: int = 0) -> int:
    """The rank of an item in its group, lower first: 64 bits that depend only on key and seed."""
    digest = blake2b(f"{seed}:{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)


def _coarse(counts: Mapping[Label, int]) -> dict[Label, Label]:
    """The coarser groups for labels that are too many to be a group each."""
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
    return coarse


def label_of(value: Judgment) -> Label:
    """The label of a judgment. Judgments with the same label form a group."""
    if value is None:
        return _NOTHING, 0
    if isinstance(value, bool):
        return _BOOLEAN, value
    if isinstance(value, int | float):
        return (_NO_NUMBER, 0) if value != value else (_NUMBER, value)
    return _WORDS, (value,) if isinstance(value, str) else tuple(sorted(set(value)))


def _in_turn(labels: Iterable[Label]) -> list[Label]:
    """The judgments in turn order: both ends first, then the middles of the intervals between."""
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
