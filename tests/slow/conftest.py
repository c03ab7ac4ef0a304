"""What the tests that take long need: the API's application, and servers in processes of their own."""

from tests.api.application import (
    access,
    app,
    emptied_store,
    postgresql_store,
    served_api,
    server,
    sqlite_store,
    store,
)
from tests.serving.server_process import start_server, supervised

__all__ = [
    "access",
    "app",
    "emptied_store",
    "postgresql_store",
    "served_api",
    "server",
    "sqlite_store",
    "start_server",
    "store",
    "supervised",
]
