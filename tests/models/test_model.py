"""Tests of what every model shares."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evals_mcp.models.log_requests import PromptLogRequest
from evals_mcp.models.model import in_utc
from evals_mcp.models.runs import CreateRunRequest, UpdateRunRequest


@settings(max_examples=50)
@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_times_are_written_in_utc(moment: datetime) -> None:
    """Whatever the zone, the same moment is written with a Z, and a naive time counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        expected = aware.astimezone(UTC)
    except OverflowError:
        return
    log = PromptLogRequest(start_time=moment)
    text = log.model_dump(mode="json")["start_time"]
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == expected


def test_a_time_beyond_the_calendar_is_refused() -> None:
    """A time whose UTC form does not exist is a validation error, not a crash."""
    with pytest.raises(ValueError, match="years 1 to 9999"):
        in_utc(datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
    with pytest.raises(ValidationError):
        PromptLogRequest.model_validate({"start_time": "0001-01-01T00:00:00+14:00"})


def test_null_gives_the_default() -> None:
    """Null on a key with a default other than null counts as absent."""
    run = CreateRunRequest.model_validate({"orchestrated": None, "use_existing_logs": None, "dataset": None})
    assert (run.orchestrated, run.use_existing_logs, run.dataset) == (True, False, None)


def test_given_leaves_out_what_is_absent_or_null() -> None:
    """Only keys that were sent with a value are changes."""
    assert UpdateRunRequest.model_validate({"control": False, "status": None}).given() == {"control": False}
    assert UpdateRunRequest.model_validate({}).given() == {}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_lacks_are_refused(number: str) -> None:
    """No number field takes NaN or an infinity, in any of its spellings."""
    with pytest.raises(ValidationError):
        PromptLogRequest.model_validate({"prompt_cost": float(number)})


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_whole_numbers_fit_a_database(number: int) -> None:
    """A whole number outside 64 bits is refused."""
    with pytest.raises(ValidationError):
        PromptLogRequest.model_validate({"prompt_tokens": number})
