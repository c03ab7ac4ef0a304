"""What a log says of a token: never the token itself, and nothing that a line of ASCII cannot hold."""


def short(value: object) -> str:
    """A value for a log: in one line, of ASCII characters, and not long."""
    text = ascii(sorted(value) if isinstance(value, frozenset) else value)
    return text if len(text) <= 200 else text[:200] + "…"
