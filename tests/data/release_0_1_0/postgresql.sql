-- A database that release 0.1.0 made and filled, as pg_dump wrote it.
CREATE SCHEMA evals_mcp;
CREATE SCHEMA evals_mcp_search;
CREATE TABLE evals_mcp.api_keys (
    id character varying NOT NULL,
    workspace character varying NOT NULL,
    name character varying NOT NULL,
    read_only boolean NOT NULL,
    digest character varying NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);
CREATE TABLE evals_mcp.evals_mcp_control_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE evals_mcp.workspaces (
    name character varying NOT NULL,
    schema character varying,
    created_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE evals_mcp_search.datapoints (
    id character varying NOT NULL,
    dataset_id character varying NOT NULL,
    digest character varying NOT NULL,
    content json NOT NULL
);
CREATE TABLE evals_mcp_search.dataset_datapoints (
    version_id character varying NOT NULL,
    "position" integer NOT NULL,
    datapoint_id character varying NOT NULL
);
CREATE TABLE evals_mcp_search.deployments (
    file_id character varying NOT NULL,
    environment_id character varying NOT NULL,
    version_id character varying NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.directories (
    id character varying NOT NULL,
    parent_id character varying,
    path character varying NOT NULL,
    name character varying NOT NULL,
    description text,
    readme text,
    tags json NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.environments (
    id character varying NOT NULL,
    name character varying NOT NULL,
    tag character varying NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.evaluation_evaluators (
    evaluation_id character varying NOT NULL,
    evaluator_version_id character varying NOT NULL,
    evaluator_id character varying NOT NULL,
    "position" integer NOT NULL,
    orchestrated boolean NOT NULL,
    added_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.evaluation_runs (
    evaluation_id character varying NOT NULL,
    run_id character varying NOT NULL,
    control boolean NOT NULL,
    added_at bigint NOT NULL
);
CREATE TABLE evals_mcp_search.evaluations (
    number bigint NOT NULL,
    id character varying NOT NULL,
    file_id character varying,
    name character varying,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE SEQUENCE evals_mcp_search.evaluations_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE evals_mcp_search.evaluations_number_seq OWNED BY evals_mcp_search.evaluations.number;
CREATE TABLE evals_mcp_search.files (
    id character varying NOT NULL,
    type character varying NOT NULL,
    path character varying NOT NULL,
    live_path character varying,
    name character varying NOT NULL,
    directory_id character varying,
    description text,
    readme text,
    tags json NOT NULL,
    extra json NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint
);
CREATE TABLE evals_mcp_search.judged_counts (
    run_id character varying NOT NULL,
    evaluator_id character varying NOT NULL,
    logs_count integer NOT NULL
);
CREATE TABLE evals_mcp_search.judgments (
    run_id character varying NOT NULL,
    evaluator_id character varying NOT NULL,
    log_number bigint NOT NULL,
    evaluator_version_id character varying NOT NULL,
    evaluator_log_number bigint NOT NULL,
    datapoint_id character varying,
    latest boolean NOT NULL,
    state smallint NOT NULL,
    number double precision,
    label text,
    score double precision
);
CREATE TABLE evals_mcp_search.logs (
    number bigint NOT NULL,
    id character varying NOT NULL,
    file_id character varying NOT NULL,
    version_id character varying NOT NULL,
    judged_log_number bigint,
    trace_parent_number bigint,
    trace_root_number bigint,
    datapoint_id character varying,
    log_status character varying,
    created_at bigint NOT NULL,
    start_time bigint,
    end_time bigint,
    provider_latency double precision,
    prompt_tokens bigint,
    reasoning_tokens bigint,
    output_tokens bigint,
    prompt_cost double precision,
    output_cost double precision,
    judgment json,
    error text,
    extra json NOT NULL,
    inputs json NOT NULL,
    messages json,
    output_message json,
    output text
);
CREATE SEQUENCE evals_mcp_search.logs_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE evals_mcp_search.logs_number_seq OWNED BY evals_mcp_search.logs.number;
CREATE TABLE evals_mcp_search.run_logs (
    run_id character varying NOT NULL,
    log_number bigint NOT NULL,
    datapoint_id character varying,
    failed boolean NOT NULL,
    complete boolean NOT NULL,
    latency double precision,
    tokens bigint,
    cost double precision,
    length integer NOT NULL
);
CREATE TABLE evals_mcp_search.runs (
    number bigint NOT NULL,
    id character varying NOT NULL,
    dataset_version_id character varying,
    version_id character varying,
    orchestrated boolean NOT NULL,
    use_existing_logs boolean NOT NULL,
    set_status character varying,
    logs_count integer NOT NULL,
    incomplete_logs_count integer NOT NULL,
    logged_datapoints_count integer NOT NULL,
    revision integer NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE SEQUENCE evals_mcp_search.runs_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE evals_mcp_search.runs_number_seq OWNED BY evals_mcp_search.runs.number;
CREATE TABLE evals_mcp_search.versions (
    number bigint NOT NULL,
    id character varying NOT NULL,
    file_id character varying NOT NULL,
    digest character varying NOT NULL,
    content json NOT NULL,
    name character varying,
    description text,
    datapoints_count integer NOT NULL,
    logs_count integer NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    deleted_at bigint
);
CREATE SEQUENCE evals_mcp_search.versions_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE evals_mcp_search.versions_number_seq OWNED BY evals_mcp_search.versions.number;
ALTER TABLE ONLY evals_mcp_search.evaluations ALTER COLUMN number SET DEFAULT nextval('evals_mcp_search.evaluations_number_seq'::regclass);
ALTER TABLE ONLY evals_mcp_search.logs ALTER COLUMN number SET DEFAULT nextval('evals_mcp_search.logs_number_seq'::regclass);
ALTER TABLE ONLY evals_mcp_search.runs ALTER COLUMN number SET DEFAULT nextval('evals_mcp_search.runs_number_seq'::regclass);
ALTER TABLE ONLY evals_mcp_search.versions ALTER COLUMN number SET DEFAULT nextval('evals_mcp_search.versions_number_seq'::regclass);
INSERT INTO evals_mcp.api_keys VALUES
	('oP4IYW36ynw8', 'search', 'ci', false, '237dc6d66f2252a8b2b74666a77418cfc4761feb8f082e6f04c557cd7f8b2d02', 1796004307362438, NULL),
	('uEwTYEUfxhIR', 'search', 'dash', true, '0abb2e80afc17c2acbc89b6f969f03af9e889261a5b767272e601f0397dbdff0', 1796004311038183, NULL),
	('g3VKqStYR0mp', 'search', 'gone', false, '1da697d6083a81d57e4b89566cebcb8a1be2ef2e457450656fb6d56bd5f2b7c3', 1796004314656790, 1796004318452913);
INSERT INTO evals_mcp.evals_mcp_control_version VALUES
	('0001');
INSERT INTO evals_mcp.workspaces VALUES
	('search', 'evals_mcp_search', 1796004301282312);
INSERT INTO evals_mcp_search.alembic_version VALUES
	('0001');
INSERT INTO evals_mcp_search.datapoints VALUES
	('dp_UAqhVFD9sGI056cUaQtu0', 'ds_nTmzNrfufnS1Ofxuy3G2K', '8b4996e0d24225a57f63ae426ae84e671326eaaf', '{"inputs":{"q":"q0","n":0,"deep":{"a":[0,null,true]}},"target":{"answer":"a0"}}'),
	('dp_o4KzxzLm953moYyDBsPS0', 'ds_nTmzNrfufnS1Ofxuy3G2K', '68101d6baf16800ad7bc85a630e69005dafe2d50', '{"inputs":{"q":"q1","n":1,"deep":{"a":[1,null,true]}},"target":{"answer":"a1"}}'),
	('dp_OttFQ6ozoKd2CD136D260', 'ds_nTmzNrfufnS1Ofxuy3G2K', 'e358f1f5b0e155beb14ab4512d8026c09902646b', '{"inputs":{"q":"q2","n":2,"deep":{"a":[2,null,true]}},"target":{"answer":"a2"}}');
INSERT INTO evals_mcp_search.dataset_datapoints VALUES
	('dsv_HTm08wNZeZwuXGUNDaa4X', 0, 'dp_UAqhVFD9sGI056cUaQtu0'),
	('dsv_HTm08wNZeZwuXGUNDaa4X', 1, 'dp_o4KzxzLm953moYyDBsPS0'),
	('dsv_HTm08wNZeZwuXGUNDaa4X', 2, 'dp_OttFQ6ozoKd2CD136D260');
INSERT INTO evals_mcp_search.deployments VALUES
	('fl_55plGh8HHCenpfe0oYYhA', 'env_NSGP2lQMWgMMUl4OLTKM0', 'flv_sWpVpopeOAeGO5UkbgdYn', 1796004344406555),
	('pr_MQFYN6ve1Ptji7PC4zJ7P', 'env_NSGP2lQMWgMMUl4OLTKM0', 'prv_h6IDfKTMcVk8j5y0WvSwg', 1796004344885702),
	('ds_nTmzNrfufnS1Ofxuy3G2K', 'env_NSGP2lQMWgMMUl4OLTKM0', 'dsv_HTm08wNZeZwuXGUNDaa4X', 1796004345422698),
	('ev_9rZuNPMAcygCJZdKQFBOT', 'env_NSGP2lQMWgMMUl4OLTKM0', 'evv_ChiAlPMe3pBXTJT9RvK3p', 1796004345530509),
	('ev_zggeHRtp0uNS9Y7nlh7VV', 'env_NSGP2lQMWgMMUl4OLTKM0', 'evv_QRTr8Ocn0YvXflDuP3RTN', 1796004345614343);
INSERT INTO evals_mcp_search.directories VALUES
	('dir_2XnYP6eERY39pYyXMnsto', NULL, 'teams', 'teams', NULL, NULL, '[]', 1796004344406555, 1796004344406555),
	('dir_7yY8mM6thFznTO76KWBpG', NULL, 'Äpfel', 'Äpfel', NULL, NULL, '[]', 1796004344885702, 1796004344885702);
INSERT INTO evals_mcp_search.environments VALUES
	('env_NSGP2lQMWgMMUl4OLTKM0', 'production', 'default', 1796004302997427),
	('env_9E0ATebSBmNVXaWZ3UKa1', 'staging', 'other', 1796004302997441);
INSERT INTO evals_mcp_search.evaluation_evaluators VALUES
	('evr_Ze1Vwbp7i4ZT33x3OaULC', 'evv_ChiAlPMe3pBXTJT9RvK3p', 'ev_9rZuNPMAcygCJZdKQFBOT', 0, true, 1796004345666384),
	('evr_Ze1Vwbp7i4ZT33x3OaULC', 'evv_QRTr8Ocn0YvXflDuP3RTN', 'ev_zggeHRtp0uNS9Y7nlh7VV', 1, true, 1796004345666384);
INSERT INTO evals_mcp_search.evaluation_runs VALUES
	('evr_Ze1Vwbp7i4ZT33x3OaULC', 'run_BTqknORbsMX7BScooaWDn', false, 1796004345826638),
	('evr_Ze1Vwbp7i4ZT33x3OaULC', 'run_huHs8WdfOvYKwrCMI4Dxw', false, 1796004346281023);
INSERT INTO evals_mcp_search.evaluations VALUES
	(1, 'evr_Ze1Vwbp7i4ZT33x3OaULC', 'fl_55plGh8HHCenpfe0oYYhA', 'two', 1796004345666384, 1796004345666384);
INSERT INTO evals_mcp_search.files VALUES
	('fl_55plGh8HHCenpfe0oYYhA', 'flow', 'teams/bot', 'teams/bot', 'bot', 'dir_2XnYP6eERY39pYyXMnsto', NULL, NULL, '[]', '{}', 1796004344406555, 1796004344406555, NULL),
	('pr_MQFYN6ve1Ptji7PC4zJ7P', 'prompt', 'Äpfel/先月', 'Äpfel/先月', '先月', 'dir_7yY8mM6thFznTO76KWBpG', NULL, NULL, '[]', '{}', 1796004344885702, 1796004344885702, NULL),
	('ds_nTmzNrfufnS1Ofxuy3G2K', 'dataset', 'set', 'set', 'set', NULL, NULL, NULL, '[]', '{}', 1796004345422698, 1796004345422698, NULL),
	('ev_9rZuNPMAcygCJZdKQFBOT', 'evaluator', 'good', 'good', 'good', NULL, NULL, NULL, '[]', '{}', 1796004345530509, 1796004345530509, NULL),
	('ev_zggeHRtp0uNS9Y7nlh7VV', 'evaluator', 'num', 'num', 'num', NULL, NULL, NULL, '[]', '{}', 1796004345614343, 1796004345614343, NULL);
INSERT INTO evals_mcp_search.judged_counts VALUES
	('run_BTqknORbsMX7BScooaWDn', 'ev_9rZuNPMAcygCJZdKQFBOT', 3),
	('run_BTqknORbsMX7BScooaWDn', 'ev_zggeHRtp0uNS9Y7nlh7VV', 3),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_9rZuNPMAcygCJZdKQFBOT', 3),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_zggeHRtp0uNS9Y7nlh7VV', 3);
INSERT INTO evals_mcp_search.judgments VALUES
	('run_BTqknORbsMX7BScooaWDn', 'ev_9rZuNPMAcygCJZdKQFBOT', 1, 'evv_ChiAlPMe3pBXTJT9RvK3p', 2, 'dp_UAqhVFD9sGI056cUaQtu0', true, 0, 0, NULL, 0),
	('run_BTqknORbsMX7BScooaWDn', 'ev_zggeHRtp0uNS9Y7nlh7VV', 1, 'evv_QRTr8Ocn0YvXflDuP3RTN', 3, 'dp_UAqhVFD9sGI056cUaQtu0', true, 0, 0.3333333333333333, NULL, 0.3333333333333333),
	('run_BTqknORbsMX7BScooaWDn', 'ev_9rZuNPMAcygCJZdKQFBOT', 4, 'evv_ChiAlPMe3pBXTJT9RvK3p', 6, 'dp_o4KzxzLm953moYyDBsPS0', true, 0, 1, NULL, 1),
	('run_BTqknORbsMX7BScooaWDn', 'ev_zggeHRtp0uNS9Y7nlh7VV', 4, 'evv_QRTr8Ocn0YvXflDuP3RTN', 7, 'dp_o4KzxzLm953moYyDBsPS0', true, 0, 0.6666666666666666, NULL, 0.6666666666666666),
	('run_BTqknORbsMX7BScooaWDn', 'ev_9rZuNPMAcygCJZdKQFBOT', 8, 'evv_ChiAlPMe3pBXTJT9RvK3p', 10, 'dp_OttFQ6ozoKd2CD136D260', true, 0, 0, NULL, 0),
	('run_BTqknORbsMX7BScooaWDn', 'ev_zggeHRtp0uNS9Y7nlh7VV', 8, 'evv_QRTr8Ocn0YvXflDuP3RTN', 11, 'dp_OttFQ6ozoKd2CD136D260', true, 0, 1, NULL, 1),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_9rZuNPMAcygCJZdKQFBOT', 12, 'evv_ChiAlPMe3pBXTJT9RvK3p', 13, 'dp_UAqhVFD9sGI056cUaQtu0', true, 0, 0, NULL, 0),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_zggeHRtp0uNS9Y7nlh7VV', 12, 'evv_QRTr8Ocn0YvXflDuP3RTN', 14, 'dp_UAqhVFD9sGI056cUaQtu0', true, 0, 0.6666666666666666, NULL, 0.6666666666666666),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_9rZuNPMAcygCJZdKQFBOT', 15, 'evv_ChiAlPMe3pBXTJT9RvK3p', 17, 'dp_o4KzxzLm953moYyDBsPS0', true, 0, 0, NULL, 0),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_zggeHRtp0uNS9Y7nlh7VV', 15, 'evv_QRTr8Ocn0YvXflDuP3RTN', 18, 'dp_o4KzxzLm953moYyDBsPS0', true, 0, 1.3333333333333333, NULL, 1.3333333333333333),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_9rZuNPMAcygCJZdKQFBOT', 19, 'evv_ChiAlPMe3pBXTJT9RvK3p', 21, 'dp_OttFQ6ozoKd2CD136D260', true, 0, 1, NULL, 1),
	('run_huHs8WdfOvYKwrCMI4Dxw', 'ev_zggeHRtp0uNS9Y7nlh7VV', 19, 'evv_QRTr8Ocn0YvXflDuP3RTN', 22, 'dp_OttFQ6ozoKd2CD136D260', true, 0, 2, NULL, 2);
INSERT INTO evals_mcp_search.logs VALUES
	(1, 'log_n7nGUk8WOUtaqKYzk8ITf', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_sWpVpopeOAeGO5UkbgdYn', NULL, NULL, NULL, 'dp_UAqhVFD9sGI056cUaQtu0', 'complete', 1796004345963342, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":0},"user":"u1"}', '{"q":"q0","n":0,"deep":{"a":[0,null,true]}}', NULL, NULL, 'out 1 0'),
	(2, 'log_6SJFqOib7oHAC5PDa5Rt7', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 1, NULL, NULL, NULL, 'complete', 1796004346043189, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(3, 'log_oJfhVUDenZKOPBZqIz2bh', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 1, NULL, NULL, NULL, 'complete', 1796004346076560, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0.3333333333333333', NULL, '{}', '{}', NULL, NULL, NULL),
	(4, 'log_RyhMecaIJCmHrE4XGhUE3', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_sWpVpopeOAeGO5UkbgdYn', NULL, NULL, NULL, 'dp_o4KzxzLm953moYyDBsPS0', 'complete', 1796004346100036, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":1},"user":"u1"}', '{"q":"q1","n":1,"deep":{"a":[1,null,true]}}', NULL, NULL, 'out 1 1'),
	(5, 'log_Xm0ata7alMxUiupIeok2b', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 4, NULL, NULL, NULL, 'complete', 1796004346122365, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(6, 'log_w9AroszvO69Tp4s4DSVwr', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 4, NULL, NULL, NULL, 'complete', 1796004346144441, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'true', NULL, '{}', '{}', NULL, NULL, NULL),
	(7, 'log_fjNpZ9ERMYLvaL60FxS5p', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 4, NULL, NULL, NULL, 'complete', 1796004346166355, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0.6666666666666666', NULL, '{}', '{}', NULL, NULL, NULL),
	(8, 'log_Jk7c4NCT2ffXc4kmjiyYL', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_sWpVpopeOAeGO5UkbgdYn', NULL, NULL, NULL, 'dp_OttFQ6ozoKd2CD136D260', 'complete', 1796004346182524, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":2},"user":"u1"}', '{"q":"q2","n":2,"deep":{"a":[2,null,true]}}', NULL, NULL, 'out 1 2'),
	(9, 'log_XiGafokRltCv2w19bulQx', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 8, NULL, NULL, NULL, 'complete', 1796004346206600, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(10, 'log_evU2QxUAyHeTi5TWRj7Gr', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 8, NULL, NULL, NULL, 'complete', 1796004346223940, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(11, 'log_7aLoLQ8Z8Ckoku3fwMhuz', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 8, NULL, NULL, NULL, 'complete', 1796004346242332, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1.0', NULL, '{}', '{}', NULL, NULL, NULL),
	(12, 'log_4D9mmyjIfEFjnFZsE08Wh', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_G5qoqyM1n5f3t5eVHNJoe', NULL, NULL, NULL, 'dp_UAqhVFD9sGI056cUaQtu0', 'complete', 1796004346316612, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":0},"user":"u1"}', '{"q":"q0","n":0,"deep":{"a":[0,null,true]}}', NULL, NULL, 'out 2 0'),
	(13, 'log_1AiQhLYDXdJH5opVuQ2Eu', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 12, NULL, NULL, NULL, 'complete', 1796004346335151, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(14, 'log_lgzOu0OBUsnpNFHDRiMsF', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 12, NULL, NULL, NULL, 'complete', 1796004346360178, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0.6666666666666666', NULL, '{}', '{}', NULL, NULL, NULL),
	(15, 'log_feSA0mh701Sj5diJEY3zw', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_G5qoqyM1n5f3t5eVHNJoe', NULL, NULL, NULL, 'dp_o4KzxzLm953moYyDBsPS0', 'complete', 1796004346381973, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":1},"user":"u1"}', '{"q":"q1","n":1,"deep":{"a":[1,null,true]}}', NULL, NULL, 'out 2 1'),
	(16, 'log_Mju8iaylAdFrGMknmzROg', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 15, NULL, NULL, NULL, 'complete', 1796004346402856, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(17, 'log_DB9jnZEcwBoWeM1xxemJx', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 15, NULL, NULL, NULL, 'complete', 1796004346422303, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(18, 'log_QleDiaNCU1qJZMUk5wmOg', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 15, NULL, NULL, NULL, 'complete', 1796004346433416, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '1.3333333333333333', NULL, '{}', '{}', NULL, NULL, NULL),
	(19, 'log_9iY9EEdTKRPlzwd31KTfv', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_G5qoqyM1n5f3t5eVHNJoe', NULL, NULL, NULL, 'dp_OttFQ6ozoKd2CD136D260', 'complete', 1796004346452534, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"metadata":{"m":2},"user":"u1"}', '{"q":"q2","n":2,"deep":{"a":[2,null,true]}}', NULL, NULL, 'out 2 2'),
	(20, 'log_geBdh900GWctqZeRViZ3q', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 19, NULL, NULL, NULL, 'complete', 1796004346469062, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'false', NULL, '{}', '{}', NULL, NULL, NULL),
	(21, 'log_zN0Ct0FbW3emYuxAeQYbC', 'ev_9rZuNPMAcygCJZdKQFBOT', 'evv_ChiAlPMe3pBXTJT9RvK3p', 19, NULL, NULL, NULL, 'complete', 1796004346486579, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'true', NULL, '{}', '{}', NULL, NULL, NULL),
	(22, 'log_18gaTSXI1h8fBFs26cgLD', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'evv_QRTr8Ocn0YvXflDuP3RTN', 19, NULL, NULL, NULL, 'complete', 1796004346506195, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2.0', NULL, '{}', '{}', NULL, NULL, NULL),
	(24, 'log_CnLg921Ze1h0EGcgauCTI', 'pr_MQFYN6ve1Ptji7PC4zJ7P', 'prv_ZhRSXexjVcz4B1kK6CL5N', NULL, 23, 23, NULL, 'complete', 1796004346546487, NULL, NULL, 0.3333333333333333, NULL, NULL, 5, NULL, 0.1, NULL, NULL, '{}', '{}', NULL, NULL, 'step'),
	(23, 'log_pDVRUp4KXkJ5fGozUnS1J', 'fl_55plGh8HHCenpfe0oYYhA', 'flv_G5qoqyM1n5f3t5eVHNJoe', NULL, NULL, NULL, NULL, 'complete', 1796004346526737, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{}', NULL, NULL, 'done');
INSERT INTO evals_mcp_search.run_logs VALUES
	('run_BTqknORbsMX7BScooaWDn', 1, 'dp_UAqhVFD9sGI056cUaQtu0', false, true, NULL, NULL, NULL, 7),
	('run_BTqknORbsMX7BScooaWDn', 4, 'dp_o4KzxzLm953moYyDBsPS0', false, true, NULL, NULL, NULL, 7),
	('run_BTqknORbsMX7BScooaWDn', 8, 'dp_OttFQ6ozoKd2CD136D260', false, true, NULL, NULL, NULL, 7),
	('run_huHs8WdfOvYKwrCMI4Dxw', 12, 'dp_UAqhVFD9sGI056cUaQtu0', false, true, NULL, NULL, NULL, 7),
	('run_huHs8WdfOvYKwrCMI4Dxw', 15, 'dp_o4KzxzLm953moYyDBsPS0', false, true, NULL, NULL, NULL, 7),
	('run_huHs8WdfOvYKwrCMI4Dxw', 19, 'dp_OttFQ6ozoKd2CD136D260', false, true, NULL, NULL, NULL, 7);
INSERT INTO evals_mcp_search.runs VALUES
	(1, 'run_BTqknORbsMX7BScooaWDn', 'dsv_HTm08wNZeZwuXGUNDaa4X', 'flv_sWpVpopeOAeGO5UkbgdYn', false, false, NULL, 3, 0, 3, 11, 1796004345826638, 1796004346242332),
	(2, 'run_huHs8WdfOvYKwrCMI4Dxw', 'dsv_HTm08wNZeZwuXGUNDaa4X', 'flv_sWpVpopeOAeGO5UkbgdYn', false, false, NULL, 3, 0, 3, 11, 1796004346281023, 1796004346506195);
INSERT INTO evals_mcp_search.versions VALUES
	(2, 'prv_h6IDfKTMcVk8j5y0WvSwg', 'pr_MQFYN6ve1Ptji7PC4zJ7P', '555830649fbb6de770c00a0aa4a82f1df35c2e59', '{"model":"gpt-4o","template":[{"role":"system","content":"Hi {{name}} – 😀"}],"temperature":0.5}', NULL, NULL, 0, 0, 1796004344885702, 1796004344885702, 1796004344885702, NULL),
	(3, 'dsv_HTm08wNZeZwuXGUNDaa4X', 'ds_nTmzNrfufnS1Ofxuy3G2K', '260e3d1467b16ed43963c2ac4bfda5e21f002979', '{"attributes":null}', NULL, NULL, 3, 0, 1796004345422698, 1796004345422698, 1796004345422698, NULL),
	(1, 'flv_sWpVpopeOAeGO5UkbgdYn', 'fl_55plGh8HHCenpfe0oYYhA', 'e9da6511aa353b8f3e7a56eff3fd749b69a9d05b', '{"attributes":{"n":1}}', NULL, NULL, 0, 3, 1796004344406555, 1796004344406555, 1796004346182524, NULL),
	(4, 'evv_ChiAlPMe3pBXTJT9RvK3p', 'ev_9rZuNPMAcygCJZdKQFBOT', '8149ab810055cc980c70641591fedba54d154e39', '{"spec":{"arguments_type":"target_free","return_type":"boolean","evaluator_type":"human"}}', NULL, NULL, 0, 10, 1796004345530509, 1796004345530509, 1796004346486579, NULL),
	(5, 'evv_QRTr8Ocn0YvXflDuP3RTN', 'ev_zggeHRtp0uNS9Y7nlh7VV', 'dbc97f38abbca4c59a3a044c45b8c559f1e763bd', '{"spec":{"arguments_type":"target_free","return_type":"number","evaluator_type":"external"}}', NULL, NULL, 0, 6, 1796004345614343, 1796004345614343, 1796004346506195, NULL),
	(6, 'flv_G5qoqyM1n5f3t5eVHNJoe', 'fl_55plGh8HHCenpfe0oYYhA', '01786be0071b920e3e27f2cfb862a7ac3fb56e80', '{"attributes":{"n":2}}', NULL, NULL, 0, 4, 1796004346262513, 1796004346262513, 1796004346526737, NULL),
	(7, 'prv_ZhRSXexjVcz4B1kK6CL5N', 'pr_MQFYN6ve1Ptji7PC4zJ7P', '4a71a1f00dc9d5e1ebb9774284e4894009b37a43', '{"model":"gpt-4o"}', NULL, NULL, 0, 1, 1796004346546487, 1796004346546487, 1796004346546487, NULL);
SELECT pg_catalog.setval('evals_mcp_search.evaluations_number_seq', 1, true);
SELECT pg_catalog.setval('evals_mcp_search.logs_number_seq', 24, true);
SELECT pg_catalog.setval('evals_mcp_search.runs_number_seq', 2, true);
SELECT pg_catalog.setval('evals_mcp_search.versions_number_seq', 7, true);
ALTER TABLE ONLY evals_mcp.evals_mcp_control_version
    ADD CONSTRAINT evals_mcp_control_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY evals_mcp.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY evals_mcp.workspaces
    ADD CONSTRAINT pk_workspaces PRIMARY KEY (name);
ALTER TABLE ONLY evals_mcp.workspaces
    ADD CONSTRAINT uq_workspaces_schema UNIQUE (schema);
ALTER TABLE ONLY evals_mcp_search.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY evals_mcp_search.datapoints
    ADD CONSTRAINT pk_datapoints PRIMARY KEY (id);
ALTER TABLE ONLY evals_mcp_search.dataset_datapoints
    ADD CONSTRAINT pk_dataset_datapoints PRIMARY KEY (version_id, "position");
ALTER TABLE ONLY evals_mcp_search.deployments
    ADD CONSTRAINT pk_deployments PRIMARY KEY (file_id, environment_id);
ALTER TABLE ONLY evals_mcp_search.directories
    ADD CONSTRAINT pk_directories PRIMARY KEY (id);
ALTER TABLE ONLY evals_mcp_search.environments
    ADD CONSTRAINT pk_environments PRIMARY KEY (id);
ALTER TABLE ONLY evals_mcp_search.evaluation_evaluators
    ADD CONSTRAINT pk_evaluation_evaluators PRIMARY KEY (evaluation_id, evaluator_version_id);
ALTER TABLE ONLY evals_mcp_search.evaluation_runs
    ADD CONSTRAINT pk_evaluation_runs PRIMARY KEY (evaluation_id, run_id);
ALTER TABLE ONLY evals_mcp_search.evaluations
    ADD CONSTRAINT pk_evaluations PRIMARY KEY (number);
ALTER TABLE ONLY evals_mcp_search.files
    ADD CONSTRAINT pk_files PRIMARY KEY (id);
ALTER TABLE ONLY evals_mcp_search.judged_counts
    ADD CONSTRAINT pk_judged_counts PRIMARY KEY (run_id, evaluator_id);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT pk_judgments PRIMARY KEY (run_id, evaluator_id, log_number, evaluator_version_id);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT pk_logs PRIMARY KEY (number);
ALTER TABLE ONLY evals_mcp_search.run_logs
    ADD CONSTRAINT pk_run_logs PRIMARY KEY (run_id, log_number);
ALTER TABLE ONLY evals_mcp_search.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (number);
ALTER TABLE ONLY evals_mcp_search.versions
    ADD CONSTRAINT pk_versions PRIMARY KEY (number);
ALTER TABLE ONLY evals_mcp_search.datapoints
    ADD CONSTRAINT uq_datapoints_dataset_id_digest UNIQUE (dataset_id, digest);
ALTER TABLE ONLY evals_mcp_search.dataset_datapoints
    ADD CONSTRAINT uq_dataset_datapoints_version_id_datapoint_id UNIQUE (version_id, datapoint_id);
ALTER TABLE ONLY evals_mcp_search.directories
    ADD CONSTRAINT uq_directories_path UNIQUE (path);
ALTER TABLE ONLY evals_mcp_search.environments
    ADD CONSTRAINT uq_environments_name UNIQUE (name);
ALTER TABLE ONLY evals_mcp_search.evaluations
    ADD CONSTRAINT uq_evaluations_file_id_name UNIQUE (file_id, name);
ALTER TABLE ONLY evals_mcp_search.evaluations
    ADD CONSTRAINT uq_evaluations_id UNIQUE (id);
ALTER TABLE ONLY evals_mcp_search.files
    ADD CONSTRAINT uq_files_live_path UNIQUE (live_path);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT uq_logs_id UNIQUE (id);
ALTER TABLE ONLY evals_mcp_search.runs
    ADD CONSTRAINT uq_runs_id UNIQUE (id);
ALTER TABLE ONLY evals_mcp_search.versions
    ADD CONSTRAINT uq_versions_file_id_digest UNIQUE (file_id, digest);
ALTER TABLE ONLY evals_mcp_search.versions
    ADD CONSTRAINT uq_versions_file_id_name UNIQUE (file_id, name);
ALTER TABLE ONLY evals_mcp_search.versions
    ADD CONSTRAINT uq_versions_id UNIQUE (id);
CREATE INDEX ix_api_keys_workspace ON evals_mcp.api_keys USING btree (workspace);
CREATE INDEX ix_dataset_datapoints_datapoint_id ON evals_mcp_search.dataset_datapoints USING btree (datapoint_id);
CREATE INDEX ix_deployments_version_id ON evals_mcp_search.deployments USING btree (version_id);
CREATE INDEX ix_directories_parent_id ON evals_mcp_search.directories USING btree (parent_id);
CREATE INDEX ix_evaluation_evaluators_evaluator_id ON evals_mcp_search.evaluation_evaluators USING btree (evaluator_id);
CREATE INDEX ix_evaluation_evaluators_evaluator_version_id ON evals_mcp_search.evaluation_evaluators USING btree (evaluator_version_id);
CREATE INDEX ix_evaluation_runs_run_id ON evals_mcp_search.evaluation_runs USING btree (run_id);
CREATE INDEX ix_evaluations_file_id_number ON evals_mcp_search.evaluations USING btree (file_id, number);
CREATE INDEX ix_evaluations_updated_at ON evals_mcp_search.evaluations USING btree (updated_at);
CREATE INDEX ix_files_directory_id ON evals_mcp_search.files USING btree (directory_id);
CREATE INDEX ix_files_type_created_at ON evals_mcp_search.files USING btree (type, created_at);
CREATE INDEX ix_judgments_evaluator_log_number ON evals_mcp_search.judgments USING btree (evaluator_log_number);
CREATE INDEX ix_judgments_log_number ON evals_mcp_search.judgments USING btree (log_number);
CREATE INDEX ix_judgments_score ON evals_mcp_search.judgments USING btree (run_id, evaluator_id, latest, state, score, log_number);
CREATE INDEX ix_logs_datapoint_id ON evals_mcp_search.logs USING btree (datapoint_id);
CREATE INDEX ix_logs_file_id_number ON evals_mcp_search.logs USING btree (file_id, number);
CREATE INDEX ix_logs_judged_log_number ON evals_mcp_search.logs USING btree (judged_log_number);
CREATE INDEX ix_logs_trace_parent_number ON evals_mcp_search.logs USING btree (trace_parent_number);
CREATE INDEX ix_logs_trace_root_number ON evals_mcp_search.logs USING btree (trace_root_number);
CREATE INDEX ix_logs_version_id_number ON evals_mcp_search.logs USING btree (version_id, number);
CREATE INDEX ix_run_logs_log_number ON evals_mcp_search.run_logs USING btree (log_number);
CREATE INDEX ix_run_logs_run_id_cost ON evals_mcp_search.run_logs USING btree (run_id, cost, log_number);
CREATE INDEX ix_run_logs_run_id_datapoint_id ON evals_mcp_search.run_logs USING btree (run_id, datapoint_id);
CREATE INDEX ix_run_logs_run_id_failed ON evals_mcp_search.run_logs USING btree (run_id, failed, log_number);
CREATE INDEX ix_run_logs_run_id_latency ON evals_mcp_search.run_logs USING btree (run_id, latency, log_number);
CREATE INDEX ix_run_logs_run_id_length ON evals_mcp_search.run_logs USING btree (run_id, length, log_number);
CREATE INDEX ix_runs_dataset_version_id ON evals_mcp_search.runs USING btree (dataset_version_id);
CREATE INDEX ix_runs_version_id ON evals_mcp_search.runs USING btree (version_id);
CREATE INDEX ix_versions_file_id_number ON evals_mcp_search.versions USING btree (file_id, number);
ALTER TABLE ONLY evals_mcp.api_keys
    ADD CONSTRAINT fk_api_keys_workspace FOREIGN KEY (workspace) REFERENCES evals_mcp.workspaces(name);
ALTER TABLE ONLY evals_mcp_search.datapoints
    ADD CONSTRAINT fk_datapoints_dataset_id FOREIGN KEY (dataset_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.dataset_datapoints
    ADD CONSTRAINT fk_dataset_datapoints_datapoint_id FOREIGN KEY (datapoint_id) REFERENCES evals_mcp_search.datapoints(id);
ALTER TABLE ONLY evals_mcp_search.dataset_datapoints
    ADD CONSTRAINT fk_dataset_datapoints_version_id FOREIGN KEY (version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.deployments
    ADD CONSTRAINT fk_deployments_environment_id FOREIGN KEY (environment_id) REFERENCES evals_mcp_search.environments(id);
ALTER TABLE ONLY evals_mcp_search.deployments
    ADD CONSTRAINT fk_deployments_file_id FOREIGN KEY (file_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.deployments
    ADD CONSTRAINT fk_deployments_version_id FOREIGN KEY (version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.directories
    ADD CONSTRAINT fk_directories_parent_id FOREIGN KEY (parent_id) REFERENCES evals_mcp_search.directories(id);
ALTER TABLE ONLY evals_mcp_search.evaluation_evaluators
    ADD CONSTRAINT fk_evaluation_evaluators_evaluation_id FOREIGN KEY (evaluation_id) REFERENCES evals_mcp_search.evaluations(id);
ALTER TABLE ONLY evals_mcp_search.evaluation_evaluators
    ADD CONSTRAINT fk_evaluation_evaluators_evaluator_id FOREIGN KEY (evaluator_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.evaluation_evaluators
    ADD CONSTRAINT fk_evaluation_evaluators_evaluator_version_id FOREIGN KEY (evaluator_version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.evaluation_runs
    ADD CONSTRAINT fk_evaluation_runs_evaluation_id FOREIGN KEY (evaluation_id) REFERENCES evals_mcp_search.evaluations(id);
ALTER TABLE ONLY evals_mcp_search.evaluation_runs
    ADD CONSTRAINT fk_evaluation_runs_run_id FOREIGN KEY (run_id) REFERENCES evals_mcp_search.runs(id);
ALTER TABLE ONLY evals_mcp_search.evaluations
    ADD CONSTRAINT fk_evaluations_file_id FOREIGN KEY (file_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.files
    ADD CONSTRAINT fk_files_directory_id FOREIGN KEY (directory_id) REFERENCES evals_mcp_search.directories(id);
ALTER TABLE ONLY evals_mcp_search.judged_counts
    ADD CONSTRAINT fk_judged_counts_evaluator_id FOREIGN KEY (evaluator_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.judged_counts
    ADD CONSTRAINT fk_judged_counts_run_id FOREIGN KEY (run_id) REFERENCES evals_mcp_search.runs(id);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT fk_judgments_evaluator_id FOREIGN KEY (evaluator_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT fk_judgments_evaluator_log_number FOREIGN KEY (evaluator_log_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT fk_judgments_evaluator_version_id FOREIGN KEY (evaluator_version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT fk_judgments_log_number FOREIGN KEY (log_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.judgments
    ADD CONSTRAINT fk_judgments_run_id FOREIGN KEY (run_id) REFERENCES evals_mcp_search.runs(id);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT fk_logs_file_id FOREIGN KEY (file_id) REFERENCES evals_mcp_search.files(id);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT fk_logs_judged_log_number FOREIGN KEY (judged_log_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT fk_logs_trace_parent_number FOREIGN KEY (trace_parent_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT fk_logs_trace_root_number FOREIGN KEY (trace_root_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.logs
    ADD CONSTRAINT fk_logs_version_id FOREIGN KEY (version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.run_logs
    ADD CONSTRAINT fk_run_logs_log_number FOREIGN KEY (log_number) REFERENCES evals_mcp_search.logs(number);
ALTER TABLE ONLY evals_mcp_search.run_logs
    ADD CONSTRAINT fk_run_logs_run_id FOREIGN KEY (run_id) REFERENCES evals_mcp_search.runs(id);
ALTER TABLE ONLY evals_mcp_search.runs
    ADD CONSTRAINT fk_runs_dataset_version_id FOREIGN KEY (dataset_version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.runs
    ADD CONSTRAINT fk_runs_version_id FOREIGN KEY (version_id) REFERENCES evals_mcp_search.versions(id);
ALTER TABLE ONLY evals_mcp_search.versions
    ADD CONSTRAINT fk_versions_file_id FOREIGN KEY (file_id) REFERENCES evals_mcp_search.files(id);
