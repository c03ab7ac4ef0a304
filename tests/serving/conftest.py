"""Servers for the tests of this folder."""

from tests.serving.served_here import serve_here
from tests.serving.server_process import start_server

__all__ = ["serve_here", "start_server"]
