"""Options of the command in sentences, and the same as arguments in a chat."""

import json
import re

_OPTION = re.compile(
    r"(?<![^\s(])--(cost|datapoint|evaluation|format|input|latency|metadata|output|run|score|sheet|target)"
    r"(?: ('(?:[^']|'\"'\"')*'|NEW\b))?(?![\w-])"
)  # names and options of other tools stay as they are


def quoted_value(text: str) -> str:
    """A value of an option for a shell, always in quotes, by which `in_chat` knows it."""
    escaped = text.replace("'", "'\"'\"'")
    return f"'{escaped}'"


def in_chat(text: str) -> str:
    """A sentence with arguments of the tool instead of the command's options: `score="f1:higher"`."""
    return _OPTION.sub(lambda match: match[1] if match[2] is None else f"{match[1]}={_value(match[2])}", text)


def _value(shell: str) -> str:
    return json.dumps(shell.removeprefix("'").removesuffix("'").replace("'\"'\"'", "'"), ensure_ascii=False)
