"""Values of an object that never changes, each computed once: an answer and a view ask for the same."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar


class Keeping(Protocol):
    """An object that keeps what was computed of it, by the function."""

    @property
    def kept(self) -> dict[object, Any]:
        """What was computed so far."""
        ...


Subject = TypeVar("Subject", bound=Keeping)
Value = TypeVar("Value")


def once(function: Callable[[Subject], Value]) -> Callable[[Subject], Value]:
    """The function, computed once for each object. Its values are shared: do not change them."""

    @wraps(function)
    def found(subject: Subject) -> Value:
        if function not in subject.kept:
            subject.kept[function] = function(subject)
        value: Value = subject.kept[function]
        return value

    return found
