"""The socket that a server listens on."""

import socket
import sys

from evals_mcp.errors import Unavailable

CONNECTIONS_WAITING = 512


def bound_socket(host: str, port: int) -> socket.socket:
    """Open a socket that nobody else can listen on; it accepts nothing yet. Raises Unavailable."""
    try:
        family, _, _, _, endpoint = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            _bind(bound, endpoint[:2])
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise Unavailable(f"The server cannot listen on `{host}` port {port}: {error.strerror}.") from error
    return bound


def _bind(bound: socket.socket, endpoint: tuple[object, ...]) -> None:
    """As `socket.create_server` binds."""
    if sys.platform != "win32":  # where it lets others take the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if bound.family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    bound.bind(endpoint)
    # Connections inherit this. Asyncio sets it only on sockets with an explicit protocol; answers would wait 40 ms.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def listen(bound: socket.socket) -> None:
    """Accept connections from now on. Raises Unavailable."""
    try:
        bound.listen(CONNECTIONS_WAITING)
    except OSError as error:
        host, port = bound.getsockname()[:2]
        raise Unavailable(f"The server cannot listen on `{host}` port {port}: {error.strerror}.") from error


def url_of(listener: socket.socket) -> str:
    """The address at which a socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
