"""Short labels of paths."""

from collections.abc import Iterable


def path_labels(paths: Iterable[str]) -> dict[str, str]:
    """Each path by as many of its last names as tell it apart from the others; the whole path if none do."""
    different = list(dict.fromkeys(paths))
    return {path: _label(path, [other for other in different if other != path]) for path in different}


def _label(path: str, others: list[str]) -> str:
    names = path.split("/")
    ends = ("/".join(names[start:]) for start in range(len(names) - 1, 0, -1))
    return next((end for end in ends if not any(f"/{other}".endswith(f"/{end}") for other in others)), path)
