"""Weights of words and factors of texts are those of scikit-learn."""

import numpy as np
import pytest
from tests.statistics.test_failure_groups import planted

from evals_mcp.statistics.factors import factorize, weights_of
from evals_mcp.statistics.term_weights import learn_vocabulary
from evals_mcp.statistics.words import words


@pytest.mark.parametrize("most", [30, 400])
def test_weights_are_those_of_scikit_learn(most: int) -> None:
    """TF-IDF with logarithmic counts, of the same vocabulary; idf is a constant lower."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    _, said, inputs = planted(200, (1, 1))
    split = [words(text) for text in said]
    vocabulary = learn_vocabulary([split], most)
    assert len(vocabulary.terms) == most or set(vocabulary.terms) <= {word for text in split for word in text}
    oracle = TfidfVectorizer(
        analyzer=words, vocabulary=vocabulary.terms, sublinear_tf=True, smooth_idf=False, norm="l2"
    ).fit(said)
    np.testing.assert_allclose(vocabulary.idf, oracle.idf_ - 0.9, atol=1e-12)
    oracle.idf_ = vocabulary.idf
    np.testing.assert_allclose(vocabulary.rows([split], [1]), oracle.transform(said).toarray(), atol=1e-6)
    both = vocabulary.rows([split, [words(text) for text in inputs]], [1.0, 0.5])
    together = oracle.transform(said).toarray() + 0.5 * oracle.transform(inputs).toarray()
    np.testing.assert_allclose(both, together / np.linalg.norm(together, axis=1)[:, None], atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_factors_are_as_good_as_those_of_scikit_learn() -> None:
    """The error that is left is at most 0.5 % larger; weights of the same rows are those of the factors."""
    from sklearn.decomposition import NMF

    split = [words(text) for text in planted(400, (3, 2, 1))[1]]
    rows = learn_vocabulary([split]).rows([split], [1])
    for amount in (1, 3, 6):
        found = factorize(rows, amount)
        assert min(found.weights.min(), found.patterns.min()) >= 0
        left = np.linalg.norm(rows - found.weights @ found.patterns)
        assert left <= 1.005 * NMF(amount, init="nndsvd", max_iter=500).fit(rows).reconstruction_err_
        again = weights_of(rows, found.patterns)
        assert np.linalg.norm(rows - again @ found.patterns) <= 1.001 * left
