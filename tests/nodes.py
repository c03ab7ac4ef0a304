"""What a distributed PostgreSQL (Citus) tells of its nodes and does with schemas, on a server without nodes.

There is no package of Citus that tests could install. On a server with it, EVALS_MCP_TEST_POSTGRESQL runs the tests
of everything else.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

_SQL = """
CREATE TABLE pg_dist_local_group (groupid int);
CREATE TABLE pg_dist_node (groupid int, nodename text, nodeport int, noderole text DEFAULT 'primary',
    isactive bool DEFAULT true, shouldhaveshards bool DEFAULT true);
CREATE TABLE pg_dist_schema (schemaid oid, colocationid serial);
CREATE TABLE pg_dist_partition (logicalrelid oid, colocationid int);
CREATE TABLE pg_dist_shard (logicalrelid oid, shardid int);
CREATE TABLE pg_dist_placement (shardid int, groupid int);
INSERT INTO pg_dist_local_group VALUES (0);
INSERT INTO pg_dist_node VALUES (1, 'one.internal', 5432), (2, 'two.internal', 5433);
CREATE FUNCTION citus_schema_distribute(schema regnamespace) RETURNS void LANGUAGE plpgsql AS $$
DECLARE number int;
BEGIN
    IF to_regclass('public.away') IS NOT NULL THEN
        RAISE 'connection to the remote node failed' USING ERRCODE = '08006';
    END IF;
    INSERT INTO public.pg_dist_schema (schemaid) VALUES (schema) RETURNING colocationid INTO number;
    INSERT INTO public.pg_dist_partition VALUES (number, number);
    INSERT INTO public.pg_dist_shard VALUES (number, number);
    INSERT INTO public.pg_dist_placement VALUES (number, 1 + number % 2);
END $$;
CREATE FUNCTION citus_schema_move(schema regnamespace, host text, port int) RETURNS void LANGUAGE sql AS $$
    UPDATE public.pg_dist_placement SET groupid = (SELECT groupid FROM public.pg_dist_node
        WHERE nodename = host AND nodeport = port)
    WHERE shardid = (SELECT colocationid FROM public.pg_dist_schema WHERE schemaid = schema) $$;
CREATE FUNCTION citus_total_relation_size(relation regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT pg_total_relation_size(relation) $$;
CREATE FUNCTION place() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('citus.enable_schema_based_sharding', true) = 'on' THEN
        PERFORM public.citus_schema_distribute(objid::regnamespace) FROM pg_event_trigger_ddl_commands();
    END IF;
END $$;
CREATE EVENT TRIGGER place ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION place();
"""


def add_nodes(address: str, *, default: str = "off") -> None:
    """Let a database have two nodes, `one.internal:5432` and `two.internal:5433`; a schema is placed on one by
    `default`."""
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute(_SQL)
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET citus.enable_schema_based_sharding = {default}")


@contextmanager
def nodes_away(address: str) -> Iterator[None]:
    """Let the nodes be out of reach in this block."""
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute("CREATE TABLE away ()")
        yield
        connection.execute("DROP TABLE away")


def become_worker(address: str) -> None:
    """Let a database with nodes be one of the nodes."""
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute("UPDATE pg_dist_local_group SET groupid = 1")
