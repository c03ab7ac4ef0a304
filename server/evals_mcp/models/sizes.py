"""Sizes of data, as people write and read them."""

_UNITS = ("kB", "MB", "GB")


def size_words(size: int) -> str:
    """A number of bytes in the unit that fits: `812 bytes`, `1.0 kB`, `5.0 GB`, `1.2 TB`."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    shown = size / 1000
    for unit in _UNITS:
        if round(shown, 1) < 1000:
            return f"{shown:.1f} {unit}"
        shown /= 1000
    return f"{shown:,.1f} TB"
