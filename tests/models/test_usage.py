"""The tokens and cost of a log and of its steps: known only as a whole, and each step counted once."""

import pytest

from evals_mcp.models.usage import Usage, own_usage, usage_of_steps


@pytest.mark.parametrize(
    ("fields", "tokens", "cost"),
    [
        ({}, None, None),
        ({"prompt_tokens": 10, "output_tokens": 5}, 15, None),
        ({"prompt_tokens": 10, "output_tokens": 5, "reasoning_tokens": 100}, 115, None),
        ({"output_tokens": 5, "reasoning_tokens": 100}, 105, None),
        ({"prompt_tokens": 10, "prompt_cost": 0.25}, None, None),
        ({"output_cost": 0.5}, None, 0.5),
        ({"prompt_cost": 0.25, "output_cost": 0.5}, None, 0.75),
        ({"prompt_cost": 0.0, "output_cost": 0.0}, None, 0.0),
    ],
)
def test_a_part_is_not_counted_as_the_whole(fields: dict[str, float], tokens: int | None, cost: float | None) -> None:
    """Reasoning tokens count; without them there may have been none."""
    usage = own_usage(fields)
    assert (usage.tokens, usage.cost) == (tokens, cost)


def test_steps_add_up_where_all_that_say_anything_say_it() -> None:
    """A tool that used nothing is no gap, a model call without its cost is one."""
    whole = Usage(10, None, 5, 0.25, 0.5)
    assert usage_of_steps([whole, Usage(), whole]) == Usage(20, None, 10, 0.5, 1.0)
    assert usage_of_steps([whole, Usage(1, 7, 2)]) == Usage(11, 7, 7)
    assert usage_of_steps([Usage(), Usage()]) == usage_of_steps([]) == Usage()


def test_a_cost_of_the_output_only_is_told_apart() -> None:
    """It may be a total, or half of one; a prompt that cost nothing makes it whole."""
    assert Usage(output_cost=0.5).is_output_cost
    assert not Usage(prompt_cost=0.0, output_cost=0.5).is_output_cost
    assert not Usage(prompt_cost=0.25).is_output_cost
    assert usage_of_steps([Usage(1, None, 1, 0.25, 0.5), Usage(1, None, 1, None, 0.5)]).is_output_cost
