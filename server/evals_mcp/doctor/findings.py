"""What a check found: one line each, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How it is. A note asks for nothing."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, what a person can do about it, and seconds by what took them."""

    check: str
    state: State
    message: str
    advice: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
