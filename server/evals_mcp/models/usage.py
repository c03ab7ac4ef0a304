"""The tokens and cost of a log: one definition for its run, lists of logs and the log itself."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """What model calls used: tokens, and US dollars. None is unknown. Cached tokens are among those of the prompt."""

    prompt_tokens: int | None = None
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    cached_tokens: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether any part is known."""
        return self.count(None) < len(self)

    @property
    def tokens(self) -> int | None:
        """Prompt, reasoning and output tokens; None unless those of the output are known.

        Who logs one number only logs the output's.
        """
        if self.output_tokens is None:
            return None
        return (self.prompt_tokens or 0) + (self.reasoning_tokens or 0) + self.output_tokens

    @property
    def cost(self) -> float | None:
        """The costs of prompt and output; the output's if only that is known; None if it is unknown."""
        return None if self.output_cost is None else (self.prompt_cost or 0.0) + self.output_cost

    @property
    def is_output_cost(self) -> bool:
        """Whether the cost is that of the output only. Some log a total there, so it is no part of another cost."""
        return self.output_cost is not None and self.prompt_cost is None


def own_usage(log: Mapping[Any, Any]) -> Usage:
    """What a log itself says (column values or JSON)."""
    return Usage(*map(log.get, Usage._fields))


_RARE = ("reasoning_tokens", "cached_tokens")


def usage_of_steps(steps: Iterable[Usage]) -> Usage:
    """The sum over the steps that say anything. A part is known if all of these have it.

    Reasoning and cached tokens may be absent.
    """
    known = [step for step in steps if step.is_known]
    parts: dict[str, Any] = {}
    for part in Usage._fields:
        given = [value for step in known if (value := getattr(step, part)) is not None]
        if given and (len(given) == len(known) or part in _RARE):
            parts[part] = sum(given)
    return Usage(**parts)


def log_usage(log: Any) -> Usage:
    """The usage of a log response (model or JSON): its own, else that of the steps below it, each counted once."""
    fields = log if isinstance(log, Mapping) else vars(log)
    own = own_usage(fields)
    return own if own.is_known else usage_of_steps(map(log_usage, fields.get("trace_children") or ()))
