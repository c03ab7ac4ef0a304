"""Images, audio and files inside of JSON values, replaced by marks with their type and size. Nothing is rendered here.

A mark is `{"$media": "image/png", "bytes": 12345}`, or `{"$media": "image", "url": "https://…"}` for a linked one.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

MEDIA = "$media"
"""The key of a mark. Its value is the media type, or its first half."""

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+=-]+)*?(;base64)?,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SHORTEST = 200  # characters; shorter base64 is readable enough, and could be anything
_BEGINNINGS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi0": "application/pdf",
    "SUQz": "audio/mpeg",
    "T2dnUw": "audio/ogg",
    "AAAAIGZ0eX": "video/mp4",
}
"""How base64 of these types begins, by their magic numbers."""

_ANY_BEGINNING = tuple(_BEGINNINGS)


def mark_media(value: Any) -> Any:
    """A JSON value with a mark for each image, audio or file in it."""
    if isinstance(value, str):
        return value if len(value) < _SHORTEST else _marked_text(value) or value
    if isinstance(value, dict):
        mark = _marked_part(value) if "type" in value else None
        return {key: mark_media(part) for key, part in value.items()} if mark is None else mark
    if isinstance(value, list):
        return [mark_media(part) for part in value]
    return value


def is_media(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is a mark."""
    return isinstance(value, Mapping) and isinstance(value.get(MEDIA), str)


def _marked_text(text: str) -> dict[str, Any] | None:
    if len(text) < _SHORTEST:
        return None
    if text.startswith("data:") and (found := _DATA_URL.match(text)) is not None:
        rest = len(text) - found.end()
        return _mark(found[1], rest * 3 // 4 if found[2] else rest)
    if not text.startswith(_ANY_BEGINNING):
        return None
    for beginning, media_type in _BEGINNINGS.items():
        if text.startswith(beginning) and _BASE64.fullmatch(text):
            return _mark(media_type, len(text) * 3 // 4)
    return None


def _marked_part(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The mark of a part of a message, in the forms of OpenAI and Anthropic."""
    kind = part.get("type")
    if not isinstance(kind, str):
        return None
    content = part.get("source" if kind in ("image", "document") else kind)
    if not isinstance(content, Mapping):
        return None
    match kind:
        case "image_url" if isinstance(url := content.get("url"), str):
            return _marked_text(url) or {MEDIA: "image", "url": url}
        case "input_audio" if isinstance(data := content.get("data"), str):
            return _mark(f"audio/{content.get('format') or 'wav'}", len(data) * 3 // 4)
        case "image" | "document" if isinstance(data := content.get("data"), str):
            return _mark(str(content.get("media_type") or kind), len(data) * 3 // 4)
        case "image" | "document" if isinstance(url := content.get("url"), str):
            return {MEDIA: kind, "url": url}
    return None


def _mark(media_type: str, size: int) -> dict[str, Any]:
    return {MEDIA: media_type, "bytes": size}
