"""Lines that no host should send: valid messages changed by chance, and random bytes. A seed repeats them."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from tests.e2e.stdio import SAMPLE

_TEXTS = ("", " ", "\0", "\ud800", "é" * 300, "../..", "%s%n", "\u2028", "1" * 5_000, "null", "evals://", "{{x}}")
_NUMBERS = (0, -1, 2**31, 2**63, -(2**70), 1.5, 1e308, float("inf"), float("nan"))
_OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": {}}, [None] * 50)
_RAW = (
    b"",
    b" ",
    b"[]",
    b"null",
    b"{}",
    b"{",
    b'"',
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"[" * 5_000,
    b'{"a":' * 3_000,
    b"1e999",
)


class Line(NamedTuple):
    """A line without its end, and the id of a valid request on it that must be answered."""

    content: bytes
    asked: int | None = None


def valid_messages(chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Methods and parameters as a host sends them, for ever."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("list_evaluations", {"limit": 3}),
        ("list_runs", {"evaluation": SAMPLE, "max_tokens": 500}),
        ("get_logs", {"evaluation": SAMPLE, "runs": ["v2"], "where": ["error=true"], "limit": 2}),
        ("list_datapoints", {"evaluation": SAMPLE, "limit": 2}),
        ("query", {"evaluation": SAMPLE, "sql": "SELECT count(*) FROM logs"}),
        ("log_generation", {"evaluation": SAMPLE, "run": "v2", "datapoint": "dp_", "output": "x"}),
        ("undo", {"write": "write_1_00000000"}),
    )
    others: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ping", {}),
        ("tools/list", {}),
        ("prompts/list", {}),
        ("prompts/get", {"name": "triage_failures", "arguments": {"run": "v2"}}),
        ("resources/list", {}),
        ("resources/templates/list", {}),
        ("resources/read", {"uri": "evals://evaluations/support%2Fanswer-ticket"}),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "triage_failures"}, "argument": {"name": "run", "value": "v"}},
        ),
        (
            "initialize",
            {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
        ),
        ("server/discover", {}),
        ("logging/setLevel", {"level": "debug"}),
        ("no/such", {"x": 1}),
        ("notifications/initialized", {}),
        ("notifications/cancelled", {"requestId": 1, "reason": "x"}),
        ("notifications/progress", {"progressToken": 1, "progress": 1}),
    )
    while True:
        if chance.random() < 0.3:
            name, arguments = chance.choice(calls)
            yield "tools/call", {"name": name, "arguments": arguments}
        else:
            yield chance.choice(others)


def fuzzed_lines(
    seed: int, count: int, with_era: Callable[[Mapping[str, Any] | None], dict[str, Any]]
) -> Iterator[Line]:
    """So many lines. Ids of valid messages are numbers from 1,000,000 on, each once."""
    chance = random.Random(seed)
    messages = valid_messages(chance)
    for number in range(count):
        kind = chance.random()
        if kind < 0.05:
            yield Line(chance.choice(_RAW))
            continue
        if kind < 0.12:
            yield Line(_bytes(chance, chance.randrange(1, 200)))
            continue
        method, params = next(messages)
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": with_era(params)}
        if not method.startswith("notifications/"):
            message["id"] = 1_000_000 + number
        is_valid = kind < 0.121 or 0.6 <= kind < 0.7
        if kind < 0.121:
            message["params"]["padding"] = "x" * chance.randrange(1_000_000, 5_000_000)
        elif kind < 0.6:
            message = json.loads(json.dumps(message))
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                _change_value(message, chance)
        line = json.dumps(message).encode()
        yield Line(line if kind < 0.7 else _changed_bytes(line, chance), message.get("id") if is_valid else None)


def _change_value(message: dict[str, Any], chance: random.Random) -> None:
    """Replace, remove, rename or repeat something at a random depth."""
    inner: Any = message
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(inner[key], dict | list) and chance.random() < 0.7:
            inner = inner[key]
            continue
        break
    what = chance.random()
    if what < 0.6:
        inner[key] = deepcopy(chance.choice((*_TEXTS, *_NUMBERS, *_OTHERS, _deep(chance.randrange(1, 400)))))
    elif what < 0.8:
        del inner[key]
    elif isinstance(inner, dict):
        inner[chance.choice(_TEXTS)] = inner.pop(key)
    else:
        inner.extend(inner[:50])


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _changed_bytes(line: bytes, chance: random.Random) -> bytes:
    """The line with some of its bytes flipped, cut out, repeated, or put in."""
    changed = bytearray(line)
    for _ in range(chance.choice((1, 1, 2, 8))):
        start = chance.randrange(len(changed)) if changed else 0
        end = min(len(changed), start + chance.randrange(1, 30))
        match chance.randrange(4):
            case 0 if changed:
                changed[start] ^= 1 << chance.randrange(8)
            case 1:
                del changed[start:end]
            case 2:
                changed[start:start] = changed[start:end]
            case _:
                changed[start:start] = _bytes(chance, chance.randrange(1, 10))
    return bytes(changed).replace(b"\n", b" ").replace(b"\r", b" ")


def _bytes(chance: random.Random, count: int) -> bytes:
    return chance.randbytes(count).replace(b"\n", b" ").replace(b"\r", b" ")
