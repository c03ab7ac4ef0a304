"""Texts as rows of weighted terms: TF-IDF with a bounded vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TERMS = 400
_LEAST_TEXTS = 2
_LEAST_IDF = 0.1  # so that texts of words that are in all have terms, too

Words: TypeAlias = Sequence[Sequence[str]]
"""The words of each text."""


class Vocabulary(NamedTuple):
    """The terms of texts by column, and what each weighs."""

    columns: dict[str, int]
    idf: NDArray[Any]

    @property
    def terms(self) -> list[str]:
        """The term of each column."""
        return list(self.columns)

    def rows(self, parts: Sequence[Words], weights: Sequence[float]) -> NDArray[Any]:
        """A row of length 1 for each text; of zeros for one without a term.

        A term has (1 + ln count) · idf. The rows of each part of the texts have length 1 before they are weighted and
        added.
        """
        import numpy as np

        rows = np.zeros((len(parts[0]), len(self.idf)), dtype=np.float32)
        for words, weight in zip(parts, weights, strict=True):
            rows += np.float32(weight) * self._of_part(words)
        return _unit(rows)

    def _of_part(self, words: Words) -> NDArray[Any]:
        import numpy as np

        columns, known = self.columns, [[word for word in of_text if word in self.columns] for of_text in words]
        of_words = np.array([columns[word] for of_text in known for word in of_text], dtype=np.int64)
        of_texts = np.repeat(np.arange(len(words)), [len(of_text) for of_text in known])
        width = len(self.idf)
        pairs, counts = np.unique(of_texts * width + of_words, return_counts=True)
        rows = np.zeros(len(words) * width, dtype=np.float32)
        rows[pairs] = (1.0 + np.log(counts)) * self.idf[pairs % width] if width else 0.0
        return _unit(rows.reshape(len(words), width))


def learn_vocabulary(parts: Sequence[Words], most: int = MOST_TERMS) -> Vocabulary:
    """The terms in at least two of the texts that tell most: frequent, but not in all.

    idf is 0.1 + ln(texts / those with it). `parts` are parts of the same texts.
    """
    import numpy as np

    texts = len(parts[0])
    frequencies: dict[str, int] = {}
    for of_text in zip(*parts, strict=True):
        for word in dict.fromkeys(word for words in of_text for word in words):
            frequencies[word] = frequencies.get(word, 0) + 1
    found = [word for word, frequency in frequencies.items() if frequency >= _LEAST_TEXTS]
    frequency = np.array([frequencies[word] for word in found], dtype=float)
    rarity = np.log(texts / frequency)
    chosen = np.sort(np.argsort(-frequency * rarity, kind="stable")[:most])
    return Vocabulary(
        {found[index]: column for column, index in enumerate(chosen.tolist())}, _LEAST_IDF + rarity[chosen]
    )


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of length 1; rows of zeros stay."""
    import numpy as np

    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    scaled: NDArray[Any] = rows / np.where(lengths > 0, lengths, 1)
    return scaled
