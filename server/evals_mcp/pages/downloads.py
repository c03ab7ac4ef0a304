"""What a browser calls a file that it downloads."""

import re
import unicodedata
from urllib.parse import quote

_LONGEST = 80
_REFUSED = re.compile(r'[\\/:*?"<>|%]+')


def attachment(name: str, format: str) -> str:
    """The header `Content-Disposition` of a report (RFC 6266): `name` without what a system refuses in names of files.

    Old browsers get the name without letters beyond ASCII.
    """
    file = f"{_cleaned(name)}.{format}"
    plain = f"{_cleaned(file.rpartition('.')[0].encode('ascii', 'ignore').decode())}.{format}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file, safe='')}"


def _cleaned(name: str) -> str:
    """A name that every system takes: no separators, nothing that nobody sees, no dots or spaces at its ends."""
    seen = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in name)
    words = " ".join(_REFUSED.sub(" ", seen).split())
    return words[:_LONGEST].strip(". ") or "report"
