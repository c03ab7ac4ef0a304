"""What a server serves, and how."""

from dataclasses import dataclass

from evals_mcp.errors import Invalid
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.serving.setting import setting
from evals_mcp.variables import (
    DEFAULT_JOURNAL_DAYS,
    DEFAULT_MAX_TOKENS,
    LARGEST_BODY,
    LEAST_TOKENS,
    LOG_FORMATS,
    MOST_JOURNAL_DAYS,
    MOST_TOKENS,
    workspace_of_file,
)

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8421
MOST_WORKERS = 64
_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `serve` serves: a `database` (a path or a URL), on a host and port; port 0 picks a free one.

    A PostgreSQL server without keys serves `workspace`. `largest_body` is in bytes. The journal keeps entries for
    `journal_days`. A `read_only` server refuses every write, whatever the key. `workers` None serves in this process.
    Unless it `slows_refusals`, every wrong key is refused at once. Answers of MCP over HTTP have at most `max_tokens`,
    unless a call sets its own; without keys, `actor` is who acts there. With `oauth`, people can sign in to `/mcp`.
    Raises Invalid for what cannot be.
    """

    database: str = setting(
        "the database: a file, `sqlite:///…` or `postgresql://…`; default: a file in your user data folder",
        metavar="FILE_OR_URL",
        variable="EVALS_MCP_DATABASE",
    )
    host: str = setting("the address to listen on; another than this machine requires API keys or OAuth", DEFAULT_HOST)
    port: int = setting("the port to listen on; 0 picks a free one", DEFAULT_PORT, most=65535)
    workspace: str | None = setting(
        "the workspace to serve (PostgreSQL without keys)", None, metavar="NAME", variable="EVALS_MCP_WORKSPACE"
    )
    largest_body: int = setting("bytes that a request may have", LARGEST_BODY, metavar="BYTES", least=1)
    journal_days: int = setting(
        "days that entries of the journal of writes are kept",
        DEFAULT_JOURNAL_DAYS,
        metavar="N",
        variable="EVALS_MCP_JOURNAL_DAYS",
        least=1,
        most=MOST_JOURNAL_DAYS,
    )
    read_only: bool = setting("refuse every write, whatever the key", False, variable="EVALS_MCP_READ_ONLY")
    max_tokens: int = setting(
        "tokens that an answer of MCP over HTTP may have, unless a call sets its own",
        DEFAULT_MAX_TOKENS,
        metavar="N",
        variable="EVALS_MCP_MAX_TOKENS",
        least=LEAST_TOKENS,
        most=MOST_TOKENS,
    )
    actor: str | None = setting(
        "who acts over MCP on a server without keys; default: the host",
        None,
        metavar="NAME",
        variable="EVALS_MCP_ACTOR",
    )
    workers: int | None = setting(
        "processes that serve, on several cores; default: this process alone",
        None,
        metavar="N",
        least=1,
        most=MOST_WORKERS,
    )
    root_path: str = setting("the path that a proxy has before this server's, such as `/evals`", "", metavar="PATH")
    trusted_proxies: tuple[str, ...] = setting(
        "addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` hold; default: none",
        (),
        metavar="NETWORK,…",
    )
    slows_refusals: bool = setting("slow down addresses that send wrong keys", True)
    log_format: str = setting(
        "how the log is written: plain, or json with an object a line", LOG_FORMATS[0], choices=LOG_FORMATS
    )
    metrics_token: str | None = setting(
        "opens /metrics of a server with keys; 16 characters or more", None, secret=True
    )
    oauth: OAuthSettings | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the database."""
        if not 0 <= self.port <= 65535:
            raise Invalid("The port must be a number from 0 to 65535; 0 picks a free one.")
        if workspace_of_file(self.database, self.workspace) is not None:
            from evals_mcp.store.database.addresses import require_no_workspace_of_file

            require_no_workspace_of_file(self.database, self.workspace)
        token = self.metrics_token
        if token is not None and not (len(token) >= _SHORTEST_TOKEN and token.isascii() and token.isprintable()):
            raise Invalid(f"The metrics token must have {_SHORTEST_TOKEN} visible ASCII characters or more, at random.")
