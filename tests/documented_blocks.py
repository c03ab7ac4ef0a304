"""The fenced blocks of a page of the documentation, and the commands in them."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[1] / "docs"


class Block(NamedTuple):
    """What stands between two fences; `section` is the heading of the second level above it."""

    section: str
    language: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """All blocks of a page, in their order."""
    found = []
    for part in re.split(r"^## ", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE):
        section = part.partition("\n")[0]
        for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL):
            found.append(Block(section, language, text))
    return found


def commands_of(block: Block) -> list[str]:
    """The commands of a block of the shell: one a line, without comments; continued lines are one."""
    lines = re.sub(r"\\\n\s*", "", block.text).splitlines()
    commands = (re.sub(r"(^|\s+)# .*$", "", line).strip() for line in lines)
    return [command for command in commands if command]


def mentioned_commands(page: str) -> list[str]:
    """Commands of ours in the page's sentences."""
    text = re.sub(r"^```.*?^```$", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s+", " ", found) for found in re.findall(r"`(evals-mcp [^`]+)`", text)]
