"""The error of a file without results."""

from evals_mcp.errors import Invalid


class NoResults(Invalid):
    """A file that is whole, but holds no results. In a folder it is skipped."""
