"""Servers for the tests of this folder."""

from tests.serving.server_process import start_server

__all__ = ["start_server"]
