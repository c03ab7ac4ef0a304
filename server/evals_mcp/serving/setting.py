"""Settings of a server as fields of a dataclass, each read alike from an argument, the environment and a file.

A field says what it means, and its type says how it is written. So whoever adds a field adds an argument, a variable, a
name for files, and a row in the documentation.
"""

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from evals_mcp.errors import Invalid
from evals_mcp.variables import flag, whole_number

PREFIX = "EVALS_MCP_SERVE_"
_MOST = 2**53  # what every reader of numbers keeps exactly

Kind = Literal["text", "number", "flag", "list"]
_KINDS: dict[Any, Kind] = {str: "text", int: "number", bool: "flag", tuple[str, ...]: "list"}
_WRITTEN = {"text": "a text", "number": "a whole number", "flag": "true or false", "list": "a list of texts"}


class Setting(NamedTuple):
    """One setting. `least` and `most` bound a number, and `choices`, if there are any, a text.

    The value of one that is `secret` is never shown. It is no argument: everybody on a machine can see those.
    """

    name: str
    kind: Kind
    meaning: str
    metavar: str
    variable: str
    default: Any
    least: int
    most: int
    secret: bool
    choices: tuple[str, ...]

    @property
    def option(self) -> str:
        """The argument of the command line."""
        return "--" + self.name.replace("_", "-")

    def from_text(self, text: str, place: str) -> Any:
        """The value that a text says, as arguments and variables have it. Raises Invalid, which names the place."""
        if self.kind == "number":
            number = whole_number(text.strip(), self.least, self.most)
            if number is None:
                raise Invalid(self._bounds(place, text))
            return number
        if self.kind == "flag":
            value = flag(text.strip())
            if value is None:
                raise Invalid(f"{place} must be true or false, not {text[:40]!r}.")
            return value
        if self.kind == "list":
            return tuple(item.strip() for item in text.split(",") if item.strip())
        if self.choices and text.strip() not in self.choices:
            raise Invalid(f"{place} must be {' or '.join(self.choices)}, not {text[:40]!r}.")
        return text.strip() if self.choices else text

    def from_toml(self, value: object, place: str) -> Any:
        """The value that a file has. Raises Invalid, which names the place, and shows no value of a text."""
        if self.kind == "list" and isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(item.strip() for item in value)
        if self.kind in ("list", "text") and isinstance(value, str):
            return self.from_text(value, place)
        if self.kind == "flag" and isinstance(value, bool):
            return value
        if self.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
            if not self.least <= value <= self.most:
                raise Invalid(self._bounds(place, str(value)))
            return value
        raise Invalid(f"{place} must be {_WRITTEN[self.kind]}.")

    def _bounds(self, place: str, text: str) -> str:
        return f"{place} must be a whole number from {self.least} to {self.most:,}, not {text[:40]!r}."


def setting(
    meaning: str,
    default: Any = dataclasses.MISSING,
    *,
    metavar: str = "",
    variable: str | None = None,
    least: int = 0,
    most: int = _MOST,
    secret: bool = False,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a dataclass that is a setting; without a `variable`, it has its own, `EVALS_MCP_SERVE_…`."""
    about = {"meaning": meaning, "metavar": metavar, "variable": variable, "least": least, "most": most}
    return dataclasses.field(default=default, metadata={**about, "secret": secret, "choices": choices})


def settings_of(options: type) -> Iterator[Setting]:
    """The settings that a dataclass has, in the order of its fields. Other fields are none."""
    for field in dataclasses.fields(options):
        about = field.metadata
        if not about:
            continue
        yield Setting(
            name=field.name,
            kind=_KINDS[_without_none(field.type)],
            meaning=about.get("meaning", ""),
            metavar=about.get("metavar") or field.name.upper(),
            variable=about.get("variable") or PREFIX + field.name.upper(),
            default=None if field.default is dataclasses.MISSING else field.default,
            least=about.get("least", 0),
            most=about.get("most", _MOST),
            secret=about.get("secret", False),
            choices=about.get("choices", ()),
        )


def _without_none(kind: Any) -> Any:
    """The type of a value that is there."""
    if isinstance(kind, types.UnionType):
        (kind,) = (part for part in kind.__args__ if part is not type(None))
    return kind
