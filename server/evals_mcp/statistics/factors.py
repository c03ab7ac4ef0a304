"""Non-negative matrix factorization: rows of weighted terms as sums of few patterns. The same input gives the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ITERATIONS = 40
_SHUFFLES = 3
_TINY = 1e-9


class Factors(NamedTuple):
    """`weights` (a row per text) times `patterns` (a row per pattern) is close to the given rows."""

    weights: NDArray[Any]
    patterns: NDArray[Any]


def patterns_beyond_chance(rows: NDArray[Any], most: int) -> int:
    """How many patterns the rows have, at least 1: Horn's parallel analysis (1965).

    That is one more than the leading components of the centered rows that are larger than those of the same rows with
    each column shuffled.
    """
    import numpy as np

    most = min(most, *rows.shape)
    if most < 2:
        return 1
    source = np.random.default_rng(0)
    centered = rows - rows.mean(axis=0)
    real = _leading(centered, most - 1)
    chance = np.max([_leading(source.permuted(centered, axis=0), most - 1) for _ in range(_SHUFFLES)], axis=0)
    return 1 + int(np.argmin(np.append(real > chance, False)))


def factorize(rows: NDArray[Any], amount: int) -> Factors:
    """Minimize the squared error by coordinate descent (HALS), from the start of NNDSVD (Boutsidis, Gallopoulos)."""
    import numpy as np

    weights, patterns = _start(rows, amount)
    for _ in range(_ITERATIONS):
        _descend(patterns.T, rows.T @ weights, weights.T @ weights)
        _descend(weights, rows @ patterns.T, patterns @ patterns.T)
    lengths = np.sqrt((patterns**2).sum(axis=1))
    lengths[lengths == 0] = 1.0
    return Factors(weights * lengths, patterns / lengths[:, None])


def weights_of(rows: NDArray[Any], patterns: NDArray[Any]) -> NDArray[Any]:
    """The weights of patterns in other rows."""
    import numpy as np

    weights = np.zeros((len(rows), len(patterns)), dtype=rows.dtype)
    products, squares = rows @ patterns.T, patterns @ patterns.T
    for _ in range(_ITERATIONS):
        _descend(weights, products, squares)
    return weights


def _descend(factor: NDArray[Any], products: NDArray[Any], squares: NDArray[Any]) -> None:
    """One sweep over the columns of a factor, in place."""
    import numpy as np

    for index in range(factor.shape[1]):
        if squares[index, index] > _TINY:
            step = (products[:, index] - factor @ squares[:, index]) / squares[index, index]
            factor[:, index] = np.maximum(factor[:, index] + step, 0.0)


def _leading(rows: NDArray[Any], amount: int) -> NDArray[Any]:
    """The largest squared singular values."""
    import numpy as np

    found: NDArray[Any] = np.linalg.eigvalsh(_gram(rows))[::-1][:amount]
    return found


def _gram(rows: NDArray[Any]) -> NDArray[Any]:
    squares: NDArray[Any] = rows.T @ rows if rows.shape[0] > rows.shape[1] else rows @ rows.T
    return squares


def _start(rows: NDArray[Any], amount: int) -> Factors:
    import numpy as np

    values, vectors = np.linalg.eigh(rows.T @ rows)
    right = vectors[:, ::-1][:, :amount]
    scale = np.sqrt(np.maximum(values[::-1][:amount], 0.0))
    left = rows @ right / np.where(scale > 0, scale, 1.0)
    weights, patterns = np.zeros((len(rows), amount), rows.dtype), np.zeros((amount, rows.shape[1]), rows.dtype)
    for index in range(amount):
        sides = [(np.maximum(sign * left[:, index], 0), np.maximum(sign * right[:, index], 0)) for sign in (1, -1)]
        sizes = [np.linalg.norm(one) * np.linalg.norm(other) for one, other in sides]
        (one, other), size = max(zip(sides, sizes, strict=True), key=lambda item: item[1])
        if size > 0:
            factor = np.sqrt(scale[index] * size)
            weights[:, index] = factor * one / np.linalg.norm(one)
            patterns[index] = factor * other / np.linalg.norm(other)
    return Factors(weights, patterns)
