"""How the text of an environment variable is read. This is imported before the handshake, so it imports nothing."""

FALSE = frozenset(("0", "false", "no", "off"))
TRUE = frozenset(("1", "true", "yes", "on"))

LOG_FORMATS = ("plain", "json")

DEFAULT_MAX_TOKENS = 4_000
DEFAULT_JOURNAL_DAYS, MOST_JOURNAL_DAYS = 90, 36_500
LEAST_TOKENS, MOST_TOKENS = 300, 20_000
ONLY_WORKSPACE = "default"
"""The name of the workspace that a SQLite file is."""
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a request."""


def given(text: str) -> str | None:
    """The text, or None if it is empty or a placeholder that a host did not fill (`${user_config.…}`)."""
    text = text.strip()
    return None if not text or text.startswith("${") else text


def whole_number(text: str, least: int, most: int) -> int | None:
    """The number that the text is, or None if it is none from `least` to `most`."""
    digits = text.lstrip("0") or text[-1:]
    is_number = (
        text.isascii() and text.isdigit() and len(digits) <= len(str(most))
    )  # Python refuses thousands of digits
    return int(digits) if is_number and least <= int(digits) <= most else None


def flag(text: str) -> bool | None:
    """True or false, or None if the text is neither."""
    word = text.lower()
    return True if word in TRUE else False if word in FALSE else None


def with_workspace(address: str, workspace: str | None) -> str:
    """The address of a database with the workspace that it is to name; one of PostgreSQL that names none already."""
    plain, named = split_workspace(address)
    if workspace is None or named is not None or not is_postgresql(address):
        return address
    return f"{plain}{'&' if '?' in plain else '?'}workspace={workspace}"


def split_workspace(address: str) -> tuple[str, str | None]:
    """The address of a database without the workspace that it names (`?workspace=NAME`), and that, or None."""
    if not is_postgresql(address):
        return address, None
    start, _, query = address.partition("?")
    parts = query.split("&") if query else []
    named = [part.removeprefix(_WORKSPACE) for part in parts if part.startswith(_WORKSPACE)]
    rest = "&".join(part for part in parts if not part.startswith(_WORKSPACE))
    return (f"{start}?{rest}" if rest else start), (named[-1] if named else None)


def workspace_of_file(address: str, workspace: str | None) -> str | None:
    """The workspace that is named for a database that has none to name, in its address or else; None if there is none.

    A file is the workspace `default`, which may be named beside its address.
    """
    if is_postgresql(address):
        return None
    named = [part for part in address.partition("?")[2].split("&") if part.startswith(_WORKSPACE)]
    if named:
        return named[-1].removeprefix(_WORKSPACE)
    return None if workspace == ONLY_WORKSPACE else workspace


def is_postgresql(address: str) -> bool:
    """Whether the address of a database is that of a PostgreSQL server."""
    scheme = address.partition(":")[0].lower().partition("+")[0]
    return scheme in ("postgres", "postgresql")


_WORKSPACE = "workspace="
