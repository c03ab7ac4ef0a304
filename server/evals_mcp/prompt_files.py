"""The text form of prompts and agents (`.prompt` and `.agent` files): write and read kernels. No I/O.

A YAML header between two `---` lines holds all parameters except the template. The template follows: plain text for a
text template, else one element for each message, named by its role:

    <user name="…">…</user>              a message; its text starts and ends on its own lines
    <user><text>…</text><image url="…" detail="…"/></user>      a message with several parts
    <assistant>…<tool name="…" id="…">{…}</tool></assistant>    a message with tool calls
    <tool id="…">…</tool>                the result of a tool call

A template that this form cannot express (it has such tags itself, spaces at its ends, …) goes into the header.
"""

import re
from collections.abc import Mapping
from textwrap import dedent
from typing import Any, ClassVar

import yaml

from evals_mcp.errors import Invalid
from evals_mcp.models.json_values import storable

_LONGEST_HEADER = 1_000_000
_MOST_HEADER_VALUES = 100_000  # as marks of YAML count them: each takes half a kilobyte and 0.1 ms
_MOST_TAGS = 100_000
_HEADER = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|$)(.*)", re.DOTALL | re.MULTILINE)
_ATTRIBUTES = r'((?:\s+[a-z_]+="[^"]*")*)\s*'
_MESSAGE = re.compile(rf"\s*<(system|user|assistant|tool|developer){_ATTRIBUTES}>(.*?)</\1>", re.DOTALL)
_PART = re.compile(rf"\s*(?:<text>(.*?)</text>|<image{_ATTRIBUTES}(?:/>|>\s*</image>))\s*", re.DOTALL)
_CALL = re.compile(r'<tool\s+name="([^"]*)"\s+id="([^"]*)"\s*>(.*?)</tool>\s*', re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z_]+)="([^"]*)"')


def write_prompt_file(kernel: Mapping[str, Any]) -> str:
    """Write a kernel as text. `read_prompt_file` reads the same kernel from it."""
    header = {key: value for key, value in kernel.items() if key != "template"}
    template = kernel.get("template")
    if template is None:
        return _file(header, "")
    body = template if isinstance(template, str) else "\n\n".join(map(_message, template))
    text = _file(header, f"\n{body}\n")
    try:
        readable = read_prompt_file(text) == dict(kernel)
    except Invalid:
        readable = False
    return text if readable else _file({**header, "template": template}, "")


def read_prompt_file(text: str, location: tuple[str | int, ...] = ("body", "prompt")) -> dict[str, Any]:
    """Read a kernel from text, as JSON values that are not validated yet.

    Raises Invalid (at `location`) if the header is missing or is not a YAML mapping, or if there is text between
    messages.
    """
    parts = _HEADER.fullmatch(text)
    if parts is None:
        raise Invalid("The text needs a YAML header between two `---` lines.", location)
    kernel = _read_header(parts[1], location)
    body = parts[2].strip()
    if body and "template" in kernel:
        raise Invalid("Put the template in the header or below it, not in both.", location)
    if body:
        kernel["template"] = _read_messages(body, location) if _MESSAGE.match(body) else body
    return kernel


def _file(header: Mapping[str, Any], body: str) -> str:
    written = yaml.dump(dict(header), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"---\n{written}---\n{body}"


def _message(message: Mapping[str, Any]) -> str:
    role, content = message["role"], message.get("content")
    lines = [_part(part) for part in content] if isinstance(content, list) else [content or ""]
    lines += [_call(call) for call in message.get("tool_calls") or []]
    attributes = _attributes({"name": message.get("name"), "id": message.get("tool_call_id")})
    return "\n".join([f"<{role}{attributes}>", *(line for line in lines if line), f"</{role}>"])


def _part(part: Mapping[str, Any]) -> str:
    if part.get("type") == "text":
        return f"<text>\n{part['text']}\n</text>"
    image = part.get("image_url") or {}
    return f"<image{_attributes({'url': image.get('url'), 'detail': image.get('detail')})}/>"


def _call(call: Mapping[str, Any]) -> str:
    function = call["function"]
    attributes = _attributes({"name": function["name"], "id": call["id"]})
    return f"<tool{attributes}>\n{function.get('arguments') or ''}\n</tool>"


def _attributes(values: Mapping[str, str | None]) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items() if value is not None)


def _read_header(text: str, location: tuple[str | int, ...]) -> dict[str, Any]:
    if len(text) > _LONGEST_HEADER:
        raise Invalid(f"The header is longer than {_LONGEST_HEADER} characters.", location)
    if sum(map(text.count, ",\n[{:")) > _MOST_HEADER_VALUES:
        raise Invalid(f"The header has more than {_MOST_HEADER_VALUES:,} names and values.", location)
    try:
        header = storable(yaml.load(text, _Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark is not None else ""
        raise Invalid(f"The header must be YAML with JSON values only{where}.", location) from None
    if not isinstance(header, dict):
        raise Invalid("The header must be a mapping of names to values, such as `model: gpt-4o`.", location)
    return header


def _read_messages(body: str, location: tuple[str | int, ...]) -> list[dict[str, Any]]:
    if body.count("<") + body.count('="') > _MOST_TAGS:
        raise Invalid(f"The messages have more than {_MOST_TAGS:,} tags and attributes.", location)
    messages, end = [], 0
    while end < len(body):
        found = _MESSAGE.match(body, end)
        if found is None:
            raise Invalid("Only messages such as <user>…</user> are allowed below the header.", location)
        messages.append(_read_message(found[1], dict(_ATTRIBUTE.findall(found[2])), found[3]))
        end = found.end()
    return messages


def _read_message(role: str, attributes: Mapping[str, str], inside: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role}
    if "name" in attributes:
        message["name"] = attributes["name"]
    if "id" in attributes:
        message["tool_call_id"] = attributes["id"]
    content, calls = _split_calls(inside) if role == "assistant" else (inside, [])
    if calls:
        message["tool_calls"] = calls
    parts = _read_parts(content)
    if parts or _text(content) or not calls:
        message["content"] = parts or _text(content)
    return message


def _split_calls(inside: str) -> tuple[str, list[dict[str, Any]]]:
    """Split an assistant's message into its text and the tool calls after it; no calls if more text follows them."""
    # Stop at the last closing tag: an opening tag without one would make the search scan the whole text.
    first = _CALL.search(inside, 0, inside.rfind("</tool>") + len("</tool>"))
    if first is None:
        return inside, []
    calls, end = [], first.start()
    while (found := _CALL.match(inside, end)) is not None:
        function = {"name": found[1]}
        if arguments := _text(found[3]):
            function["arguments"] = arguments
        calls.append({"id": found[2], "type": "function", "function": function})
        end = found.end()
    return (inside, []) if end < len(inside) else (inside[: first.start()], calls)


def _read_parts(inside: str) -> list[dict[str, Any]]:
    """The parts of a message; an empty list if it has text outside of parts."""
    parts: list[dict[str, Any]] = []
    end = 0
    while end < len(inside):
        found = _PART.match(inside, end)
        if found is None:
            return []
        if found[1] is not None:
            parts.append({"type": "text", "text": _text(found[1])})
        else:
            parts.append({"type": "image_url", "image_url": dict(_ATTRIBUTE.findall(found[2]))})
        end = found.end()
    return parts


def _text(inside: str) -> str:
    return dedent(inside.strip("\n")).strip()


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML without aliases, which can expand without limit, and without dates, which JSON lacks."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """YAML that escapes unprintable characters, because YAML readers change some of them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent_text)
