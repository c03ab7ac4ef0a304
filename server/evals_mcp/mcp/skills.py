"""The skills of this server: ways of working that a model reads when it needs them (SEP-2640).

A skill is a folder of `evals_mcp/skills` with a `SKILL.md`. Each of its files is a resource, `skill://FOLDER/FILE`.
"""

import hashlib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, LiteralString

from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.types import INVALID_PARAMS, PaginatedRequestParams, Resource

from evals_mcp.errors import NotFound
from mcp import MCPError

SKILL_ADDRESSES = "skill://"
MARKDOWN = "text/markdown"

_FOLDER = "inode/directory"
_ENTRY = "SKILL.md"
_LONGEST = 120
_CACHING = {"ttlMs": 0, "cacheScope": "public"}
"""A host asks again each time, and may share the answer: everybody gets the same."""


class AddressParams(PaginatedRequestParams):
    """The address of a skill's `SKILL.md`, or of a folder of a skill."""

    uri: str


class Skills(Extension):
    """Lists the skills and their files. Their contents are read as resources."""

    identifier = "io.modelcontextprotocol/skills"

    def settings(self) -> dict[str, Any]:
        """Folders of skills can be listed, too."""
        return {"directoryRead": True}

    def methods(self) -> tuple[MethodBinding, ...]:
        """The methods of the extension."""
        return (
            MethodBinding("skills/list", PaginatedRequestParams, _list_skills),
            MethodBinding("skills/get", AddressParams, _get_skill),
            MethodBinding("resources/directory/read", AddressParams, _read_folder),
        )


def read_skill(address: str) -> str:
    """The text of a file of a skill. Raises NotFound for any other address."""
    if address not in _files():
        from evals_mcp.answers.frame.quoting import quote

        entries = ", ".join(quote(entry["uri"], _LONGEST) for entry in _entries())
        raise NotFound(f"No skill has a file {quote(address, _LONGEST)}. Start with {entries}.")
    return _files()[address].decode()


def listed_skills() -> list[Resource]:
    """The `SKILL.md` of each skill, as the protocol lists resources."""
    return [_resource(entry["uri"]) for entry in _entries()]


async def _list_skills(_: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> dict[str, Any]:
    _refuse_cursor(params)
    return {"skills": _entries(), **_CACHING}


async def _get_skill(_: ServerRequestContext[Any, Any], params: AddressParams) -> dict[str, Any]:
    for entry in _entries():
        if entry["uri"] == params.uri:
            return {"skill": entry, **_CACHING}
    raise _unknown("is at", params.uri)


async def _read_folder(_: ServerRequestContext[Any, Any], params: AddressParams) -> dict[str, Any]:
    _refuse_cursor(params)
    inside = f"{params.uri}/"
    children = dict.fromkeys(
        inside + address.removeprefix(inside).split("/")[0] for address in _files() if address.startswith(inside)
    )
    # Only the folders of a skill are folders of ours, not the scheme.
    if not children or not any(params.uri == root or params.uri.startswith(f"{root}/") for root in _roots()):
        raise _unknown("has a folder", params.uri)
    listed = [_resource(child).model_dump(mode="json", by_alias=True, exclude_none=True) for child in children]
    return {"resources": listed, **_CACHING}


def _unknown(what: LiteralString, address: str) -> MCPError:
    from evals_mcp.answers.frame.quoting import quote  # the start does without it

    return MCPError(INVALID_PARAMS, f"No skill {what} {quote(address, _LONGEST)}. Use skills/list.")


def _refuse_cursor(params: PaginatedRequestParams) -> None:
    if params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "There is only one page: leave out the cursor.")


def _resource(address: str) -> Resource:
    name = PurePosixPath(address).name
    if address not in _files():
        return Resource(uri=address, name=name, mime_type=_FOLDER)
    size = len(_files()[address])
    for entry in _entries():
        if entry["uri"] == address:
            about = entry["frontmatter"]
            title = _heading(_files()[address])
            described = about["description"]
            return Resource(
                uri=address, name=about["name"], title=title, description=described, mime_type=MARKDOWN, size=size
            )
    return Resource(uri=address, name=name, mime_type=MARKDOWN, size=size)


def _heading(content: bytes) -> str:
    """The first heading of a page."""
    return next(line[2:] for line in content.decode().splitlines() if line.startswith("# "))


def _roots() -> list[str]:
    return [str(entry["uri"]).removesuffix(f"/{_ENTRY}") for entry in _entries()]


@cache
def _files() -> dict[str, bytes]:
    """Each file of the skills by its address; the bytes that digests are of."""
    folder = Path(__file__).parents[1] / "skills"
    paths = sorted(path for path in folder.rglob("*.md") if path.is_file())
    return {f"{SKILL_ADDRESSES}{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


@cache
def _entries() -> list[dict[str, Any]]:
    """Each skill with the frontmatter of its `SKILL.md`, and all its files."""
    import yaml  # the start does without it

    entries = []
    for address, content in _files().items():
        if not address.endswith(f"/{_ENTRY}"):
            continue
        root = address.removesuffix(_ENTRY)
        files = [
            {"uri": file, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
            for file, data in _files().items()
            if file.startswith(root)
        ]
        frontmatter = yaml.safe_load(content.decode().split("---\n")[1])
        entries.append({"uri": address, "frontmatter": frontmatter, "resources": files})
    return entries
