"""Write what can rot: the tables of the README and the tools of the bundle's manifest. `--check` only compares."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "server"))

from evals_mcp import __version__
from evals_mcp.config import VARIABLES
from evals_mcp.tools import TOOLS

ROOT = Path(__file__).resolve().parents[1]


def tools_table() -> str:
    """A row for each tool: its name, whether it writes, and what the model reads about it."""
    rows = [f"| `{tool.name}` | {'reads' if tool.read_only else 'writes'} | {tool.description} |" for tool in TOOLS]
    return "\n".join(["| tool | | what it does |", "|---|---|---|", *rows])


def settings_table() -> str:
    """A row for each variable of the environment."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items()]
    return "\n".join(["| variable | meaning |", "|---|---|", *rows])


def readme(text: str) -> str:
    """The README with its tables made anew."""
    for mark, table in (("TOOLS", tools_table()), ("SETTINGS", settings_table())):
        before, rest = text.split(f"<!-- START {mark} -->", 1)
        _, after = rest.split(f"<!-- END {mark} -->", 1)
        text = f"{before}<!-- START {mark} -->\n{table}\n<!-- END {mark} -->{after}"
    return text


def manifest(text: str) -> str:
    """The manifest with the package's version and tools."""
    content = json.loads(text)
    content["version"] = __version__
    content["tools"] = [{"name": tool.name, "description": tool.title} for tool in TOOLS]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


WRITTEN = {"README.md": readme, "manifest.json": manifest}


def stale() -> list[str]:
    """The files that are not as they would be written."""
    return [name for name, write in WRITTEN.items() if write(_read(name)) != _read(name)]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def main() -> None:
    """Write the files, or with `--check` exit with status 1 if any is stale."""
    if "--check" in sys.argv[1:]:
        names = stale()
        for name in names:
            print(f"{name} is stale: run python scripts/docs.py", file=sys.stderr)
        sys.exit(bool(names))
    for name, write in WRITTEN.items():
        (ROOT / name).write_text(write(_read(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
