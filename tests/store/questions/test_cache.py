"""What is kept in memory is bounded, and true of the present state only."""

from evals_mcp.statistics import columns
from evals_mcp.store.logs import judgments
from evals_mcp.store.questions.cache import Kept


def test_a_value_is_kept_for_its_state_only() -> None:
    """A value made from another state is not given, and a new one takes its place."""
    kept: Kept[str, str] = Kept(10)
    kept.put("run", 1, "old")
    assert (kept.get("run", 1), kept.get("run", 2), kept.get("other", 1)) == ("old", None, None)
    kept.put("run", 2, "new")
    assert (kept.get("run", 1), kept.get("run", 2)) == (None, "new")


def test_the_least_lately_used_is_given_up() -> None:
    """All together never weigh more than was said, and replacing a value frees its weight."""
    kept: Kept[str, str] = Kept(10)
    for name in ("a", "b"):
        kept.put(name, 1, name, 4)
    assert kept.get("a", 1) == "a"
    kept.put("c", 1, "c", 4)
    assert [kept.get(name, 1) for name in ("a", "b", "c")] == ["a", None, "c"]
    for _ in range(5):
        kept.put("c", 1, "again", 6)
    assert [kept.get(name, 1) for name in ("a", "c")] == ["a", "again"]


def test_what_alone_weighs_too_much_is_not_kept() -> None:
    """The others stay, only its own former value goes."""
    kept: Kept[str, str] = Kept(10)
    kept.put("a", 1, "a", 5)
    kept.put("b", 1, "b", 5)
    kept.put("b", 2, "too large", 11)
    assert (kept.get("a", 1), kept.get("b", 1), kept.get("b", 2)) == ("a", None, None)


def test_states_in_the_database_are_those_of_columns() -> None:
    """Columns take a judgment's state as it is stored."""
    stored = (judgments.JUDGED, judgments.ABSTAINED, judgments.FAILED)
    assert stored == (columns.JUDGED, columns.ABSTAINED, columns.FAILED)
