"""A distributed PostgreSQL (Citus), which places a schema with its tables on one of its nodes. No tables of ours.

Every connection goes to its coordinator: locks and numbers of rows are one for all servers there only. On any other
PostgreSQL, nothing here changes or refuses anything.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from evals_mcp.errors import Unavailable

_WORKER = (
    "This PostgreSQL is a worker node of a distributed database. Name its coordinator in the address: only there do "
    "all servers take turns to write."
)


class Node(NamedTuple):
    """A node of a distributed database, by the name under which the coordinator knows it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def require_coordinator(connection: Any, record: Any = None) -> None:
    """Raise Unavailable for a driver's connection to a worker node."""
    from psycopg import Error  # what opens a file does without

    with connection.cursor() as cursor:
        try:
            if cursor.execute(_IS_DISTRIBUTED).fetchone()[0] and cursor.execute(_IS_WORKER).fetchone()[0]:
                raise Unavailable(_WORKER)
        except Error:  # whoever connects next is told by the transaction itself
            return
        finally:
            connection.rollback()


def is_distributed(connection: Connection) -> bool:
    """Whether a database has nodes."""
    return connection.dialect.name != "sqlite" and bool(connection.exec_driver_sql(_IS_DISTRIBUTED).scalar())


def place_next_schema(connection: Connection, *, on_a_node: bool | None) -> None:
    """Place the schemas that the transaction creates on a node, on the coordinator, or (None) as the database is set.

    Does nothing if the database has no nodes.
    """
    if on_a_node is not None and is_distributed(connection):
        placed = {"placed": "on" if on_a_node else "off"}
        connection.execute(text("SELECT set_config('citus.enable_schema_based_sharding', :placed, true)"), placed)


def node_of(connection: Connection, schema: str) -> Node | None:
    """The node of a schema; None for one on the coordinator. The database must have nodes."""
    row = connection.execute(_NODE_OF, {"schema": f'"{schema}"'}).first()
    return None if row is None else Node(*row)


def nodes(connection: Connection) -> list[Node]:
    """The nodes that a schema can be placed on, by name. The database must have nodes."""
    return [Node(*row) for row in connection.execute(_NODES)]


def place_schema(connection: Connection, schema: str) -> None:
    """Move a schema from the coordinator to one of the nodes."""
    connection.execute(text("SELECT citus_schema_distribute(to_regnamespace(:schema))"), {"schema": f'"{schema}"'})


def move_schema(connection: Connection, schema: str, node: Node) -> None:
    """Move a schema to a node while it is used. The connection must commit each statement by itself."""
    where = {"schema": f'"{schema}"', "host": node.host, "port": node.port}
    connection.execute(text("SELECT citus_schema_move(to_regnamespace(:schema), :host, :port)"), where)


_IS_DISTRIBUTED = "SELECT to_regclass('pg_dist_local_group') IS NOT NULL"
_IS_WORKER = "SELECT groupid <> 0 FROM pg_dist_local_group"
_NODES = text(
    "SELECT nodename, nodeport FROM pg_dist_node WHERE isactive AND noderole = 'primary' AND shouldhaveshards "
    "ORDER BY nodename, nodeport"
)
# The views of Citus that tell this ask all nodes, and fail while one is down.
_NODE_OF = text(
    "SELECT node.nodename, node.nodeport FROM pg_dist_schema placed "
    "JOIN pg_dist_partition part ON part.colocationid = placed.colocationid "
    "JOIN pg_dist_shard shard ON shard.logicalrelid = part.logicalrelid "
    "JOIN pg_dist_placement placement ON placement.shardid = shard.shardid "
    "JOIN pg_dist_node node ON node.groupid = placement.groupid AND node.noderole = 'primary' "
    "WHERE placed.schemaid = to_regnamespace(:schema) LIMIT 1"
)
