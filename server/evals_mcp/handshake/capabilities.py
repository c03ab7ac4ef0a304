"""What a client says of itself: which forms are well-known, and what of it changes the first answers."""

TYPE_CHECKING = False  # typing takes longer to import than all else here
if TYPE_CHECKING:
    from typing import Any

_APPS, _APP_MEDIA_TYPE = "io.modelcontextprotocol/ui", "text/html;profile=mcp-app"
_OPTIONS = {
    "roots": {"listChanged"},
    "sampling": {"context", "tools"},
    "elicitation": {"form", "url"},
}
_TEXTS = {"name", "version", "title", "description", "websiteUrl"}

FEATURES = ("", "apps")
"""What `features_of` returns. The file has an answer for each."""


def features_of(capabilities: "Any") -> str | None:
    """Which of `FEATURES` a client has that declares these capabilities; None if they are not well-known."""
    if not isinstance(capabilities, dict):
        return None
    for name, value in capabilities.items():
        if name in _OPTIONS:
            if not _is_option(value, _OPTIONS[name]):
                return None
        elif name not in ("experimental", "extensions") or not _is_table(value):
            return None
    apps = capabilities.get("extensions", {}).get(_APPS, {})
    types = apps.get("mimeTypes", [])
    return "apps" if isinstance(types, list) and _APP_MEDIA_TYPE in types else ""


def is_client(info: "Any") -> bool:
    """Whether a client's name, version and other texts have the form that they should have."""
    return (
        isinstance(info, dict)
        and {"name", "version"} <= info.keys() <= _TEXTS
        and all(isinstance(text, str) for text in info.values())
    )


def _is_option(value: "Any", names: set[str]) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() <= names
        and all(isinstance(item, bool) if name == "listChanged" else item == {} for name, item in value.items())
    )


def _is_table(value: "Any") -> bool:
    return isinstance(value, dict) and all(isinstance(item, dict) for item in value.values())
