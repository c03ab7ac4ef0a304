"""Common to tools, prompts and resources: what a host lists about them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A function with the title that hosts show. Its name and docstring are the listed name and description."""

    function: Callable[..., Any]
    title: str

    @property
    def name(self) -> str:
        """The name that hosts use."""
        return str(self.function.__name__)

    @property
    def description(self) -> str:
        """The description that a model or a person reads."""
        return " ".join((self.function.__doc__ or "").split())
