"""YAML files, with the values that JSON has."""

from pathlib import Path
from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.importers.text_files import encoding_of

_LARGEST = 64_000_000
_MOST_VALUES = 50_000_000


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. Dates stay texts.

    Raises Invalid with the position where it is not YAML, and if its references stand for too many values.
    """
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Reads the types of JSON."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    size = path.stat().st_size
    if size > _LARGEST:
        raise Invalid(f"{path.name} has {size:,} bytes, more than the {_LARGEST:,} of one YAML document.")
    text = path.read_bytes().decode(encoding_of(path), errors="replace")
    try:
        content = yaml.load(text, Loader)  # a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f", line {mark.line + 1}" if mark else ""
        raise Invalid(f"{path.name}{at} is not YAML: {getattr(error, 'problem', error)}.") from None
    except RecursionError:
        raise Invalid(f"{path.name} is nested too deep.") from None
    if _count(content, {}, path) > _MOST_VALUES:
        raise Invalid(f"{path.name} holds more than {_MOST_VALUES:,} values, counting what its references repeat.")
    return content


def _count(value: Any, counted: dict[int, int | None], path: Path) -> int:
    """How many values there are, with all that references repeat. Each is visited once."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in counted:
        counted[id(value)] = None
        items = value.values() if isinstance(value, dict) else value
        counted[id(value)] = 1 + sum(_count(item, counted, path) for item in items)
    count = counted[id(value)]
    if count is None:
        raise Invalid(f"{path.name} holds a value that contains itself.")
    return count
