"""Every test ends: one that its time limit cannot end is ended with the process that runs it, which shows where it was.

The time limit raises an exception in the test. That is not the end where threads or fixtures of the test wait for ever,
too, and pytest-timeout lifts it once a test has failed. Another process then runs the tests that are left.
"""

import faulthandler
import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

_MORE = 1.2
"""So many times the time limit a test may take, and again as long after it has failed."""

_SECONDS_AT_THE_END = 120.0
_STDERR = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Note where stderr is, which tests do not see."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        config.stash[_STDERR] = os.dup(2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End this process if the test does not end."""
    _limit(item)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)  # pytest lifts its own limits at an exception, and this one with them
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """A test that has failed must end, too."""
    if isinstance(node, pytest.Item):
        _limit(node)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nor may the end take for ever, where threads still wait. Processes that run tests for another are ended by it."""
    if not hasattr(config, "workerinput") and _seconds(config):
        faulthandler.dump_traceback_later(_SECONDS_AT_THE_END, file=config.stash[_STDERR], exit=True)


def _limit(item: pytest.Item) -> None:
    marker = item.get_closest_marker("timeout")
    if seconds := float(marker.args[0]) if marker and marker.args else _seconds(item.config):
        faulthandler.dump_traceback_later(seconds * _MORE, file=item.config.stash[_STDERR], exit=True)


def _seconds(config: pytest.Config) -> float:
    """The time limit of a test; 0 without one."""
    chosen = config.getoption("timeout")
    return float(config.getini("timeout") or 0 if chosen is None else chosen)
