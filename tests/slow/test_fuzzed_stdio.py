"""Ten thousand lines that no host should send, over real stdio in both eras: the server answers on, and none twice.

`EVALS_MCP_EXAMPLES=100000` sends so many, with another seed, which a failure tells.
"""

import json
import os
import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.stdio import ERAS, SAMPLE, Wire
from tests.fuzzed_lines import fuzzed_lines

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "0"))
_LINES = _EXAMPLES or 10_000
_END = "the end"


@pytest.mark.parametrize("era", ERAS)
def test_no_line_ends_the_server_or_is_answered_twice(sample_copy: Path, era: str) -> None:
    """Nor does any break its protocol; afterwards it answers a good request, and ends well."""
    seed = random.randrange(2**32) if _EXAMPLES else 13
    with Wire({"EVALS_MCP_DATABASE": str(sample_copy)}, era=era) as wire:
        lines = list(fuzzed_lines(seed, _LINES // len(ERAS), wire.with_era))
        sender = threading.Thread(target=_send, args=(wire, [line.content for line in lines]))
        sender.start()
        answers = Counter[str]()
        missing = {json.dumps(line.asked) for line in lines if line.asked is not None} | {json.dumps(_END)}
        while missing:  # answers come in any order; one that never comes fails in `read`
            message = wire.read()
            if message.get("id") == _END:
                end = message
            if "method" not in message:
                answers[json.dumps(message.get("id"))] += 1
                missing.discard(json.dumps(message.get("id")))
        sender.join()
        assert SAMPLE in end["result"]["content"][0]["text"], (seed, end)
        assert SAMPLE in wire.answer("list_evaluations"), seed
        assert wire.wait() == 0, seed
    asked = Counter([*(_id_of(line.content) for line in lines), json.dumps(_END)])
    # A line that is no request with an id may be told as an error without one.
    without_id = asked.pop("null", 0)
    twice = {id: (count, asked[id]) for id, count in answers.items() if id != "null" and count > asked[id]}
    assert twice == {}, (seed, [line for line in lines for id in twice if id.encode() in line.content])
    assert answers["null"] <= without_id, seed


def _send(wire: Wire, lines: list[bytes]) -> None:
    for line in lines:
        wire.send(line)
    call = {"name": "list_evaluations", "arguments": {}}
    wire.send({"jsonrpc": "2.0", "id": _END, "method": "tools/call", "params": wire.with_era(call)})


def _id_of(line: bytes) -> str:
    """The id of a message as JSON; `null` for what has none. Half a surrogate pair comes back as `?`."""
    try:
        message: Any = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return "null"
    found = message.get("id") if isinstance(message, dict) else None
    return json.dumps(found.encode(errors="replace").decode() if isinstance(found, str) else found)
