"""File uploads: read the fields of a multipart body."""

import re
from collections.abc import AsyncGenerator
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from evals_mcp.errors import Invalid

_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,70})\r\n")


class Upload(NamedTuple):
    """The content of the file, and the text fields by name."""

    content: bytes
    fields: dict[str, str]


UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "version_name": {"type": "string"},
                        "version_description": {"type": "string"},
                    },
                }
            }
        },
    }
}
"""The OpenAPI description of a route with an upload."""


async def _upload(request: Request) -> Upload:
    form = await _form(request)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid("The body must be multipart/form-data with a file in the field `file`.", ("body", "file"))
    content = await file.read()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    await form.close()
    for name, value in fields.items():
        if "\x00" in value:
            raise Invalid("Text must not contain NUL characters.", ("body", name))
    return Upload(content, fields)


async def _form(request: Request) -> FormData:
    """Parse the fields. The official SDK omits the boundary from its header, so we also look for it in the body."""
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    if "boundary=" not in content_type and (first := _BOUNDARY.match(body)) is not None:
        content_type = f"multipart/form-data; boundary={first[1].decode('latin-1')}"

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        return await MultiPartParser(Headers({"content-type": content_type}), stream()).parse()
    except (MultiPartException, KeyError, UnicodeDecodeError):
        raise Invalid("The body is not multipart/form-data.", ("body",)) from None


CurrentUpload = Annotated[Upload, Depends(_upload)]
"""The upload of the request, as a handler parameter."""
