"""What is computed once for an object, and again for another one."""

from dataclasses import dataclass, field
from typing import Any

from evals_mcp.kept import once


@dataclass(frozen=True, slots=True)
class _Subject:
    number: int
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


def test_a_value_is_computed_once_for_each_object_and_function() -> None:
    """Equal objects have values of their own, and so have two functions of one object."""
    asked: list[str] = []

    @once
    def double(subject: _Subject) -> int:
        asked.append("double")
        return subject.number * 2

    @once
    def nothing(subject: _Subject) -> None:
        asked.append("nothing")

    first, second = _Subject(3), _Subject(3)
    assert [double(first), double(first), double(second)] == [6, 6, 6]
    assert nothing(first) is nothing(first) is None
    assert asked == ["double", "double", "nothing"]
    assert first == second
