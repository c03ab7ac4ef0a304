-- A database that release 0.1.0 made and filled, as SQLite's .dump wrote it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('0001');
CREATE TABLE directories (
	id VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	path VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	description TEXT, 
	readme TEXT, 
	tags JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_directories PRIMARY KEY (id), 
	CONSTRAINT fk_directories_parent_id FOREIGN KEY(parent_id) REFERENCES directories (id), 
	CONSTRAINT uq_directories_path UNIQUE (path)
);
INSERT INTO directories VALUES('dir_qOcUlSIIBA8tXPYWveKO2',NULL,'teams','teams',NULL,NULL,'[]',1796004348557715,1796004348557715);
INSERT INTO directories VALUES('dir_5WC2GfJgbGQYFNCiG9NQx',NULL,'Äpfel','Äpfel',NULL,NULL,'[]',1796004348822615,1796004348822615);
CREATE TABLE environments (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	tag VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_environments PRIMARY KEY (id), 
	CONSTRAINT uq_environments_name UNIQUE (name)
);
INSERT INTO environments VALUES('env_NSGP2lQMWgMMUl4OLTKM0','production','default',1796004321926237);
INSERT INTO environments VALUES('env_9E0ATebSBmNVXaWZ3UKa1','staging','other',1796004321926246);
CREATE TABLE files (
	id VARCHAR NOT NULL, 
	type VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	live_path VARCHAR, 
	name VARCHAR NOT NULL, 
	directory_id VARCHAR, 
	description TEXT, 
	readme TEXT, 
	tags JSON NOT NULL, 
	extra JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	deleted_at BIGINT, 
	CONSTRAINT pk_files PRIMARY KEY (id), 
	CONSTRAINT fk_files_directory_id FOREIGN KEY(directory_id) REFERENCES directories (id), 
	CONSTRAINT uq_files_live_path UNIQUE (live_path)
);
INSERT INTO files VALUES('fl_vUY00nBVLJURykEwZtVY9','flow','teams/bot','teams/bot','bot','dir_qOcUlSIIBA8tXPYWveKO2',NULL,NULL,'[]','{}',1796004348557715,1796004348557715,NULL);
INSERT INTO files VALUES('pr_rsHZhOuR65h3cOxaj9Kkl','prompt','Äpfel/先月','Äpfel/先月','先月','dir_5WC2GfJgbGQYFNCiG9NQx',NULL,NULL,'[]','{}',1796004348822615,1796004348822615,NULL);
INSERT INTO files VALUES('ds_WcWJr8jad3fXyxZvCLJpQ','dataset','set','set','set',NULL,NULL,NULL,'[]','{}',1796004349869399,1796004349869399,NULL);
INSERT INTO files VALUES('ev_4s5wPgj6e3MT94Jdt82AQ','evaluator','good','good','good',NULL,NULL,NULL,'[]','{}',1796004349975026,1796004349975026,NULL);
INSERT INTO files VALUES('ev_kTBapmrElEYKkYF2ME99V','evaluator','num','num','num',NULL,NULL,NULL,'[]','{}',1796004350075091,1796004350075091,NULL);
CREATE TABLE datapoints (
	id VARCHAR NOT NULL, 
	dataset_id VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	content JSON NOT NULL, 
	CONSTRAINT pk_datapoints PRIMARY KEY (id), 
	CONSTRAINT fk_datapoints_dataset_id FOREIGN KEY(dataset_id) REFERENCES files (id), 
	CONSTRAINT uq_datapoints_dataset_id_digest UNIQUE (dataset_id, digest)
);
INSERT INTO datapoints VALUES('dp_gSOqopxwyLqijTRP7iNx1','ds_WcWJr8jad3fXyxZvCLJpQ','8b4996e0d24225a57f63ae426ae84e671326eaaf','{"inputs":{"q":"q0","n":0,"deep":{"a":[0,null,true]}},"target":{"answer":"a0"}}');
INSERT INTO datapoints VALUES('dp_0IZ4vv7KFrxWWOpFYVMG1','ds_WcWJr8jad3fXyxZvCLJpQ','68101d6baf16800ad7bc85a630e69005dafe2d50','{"inputs":{"q":"q1","n":1,"deep":{"a":[1,null,true]}},"target":{"answer":"a1"}}');
INSERT INTO datapoints VALUES('dp_5hnEWKP0VdOGAB9TUYca0','ds_WcWJr8jad3fXyxZvCLJpQ','e358f1f5b0e155beb14ab4512d8026c09902646b','{"inputs":{"q":"q2","n":2,"deep":{"a":[2,null,true]}},"target":{"answer":"a2"}}');
CREATE TABLE evaluations (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR NOT NULL, 
	file_id VARCHAR, 
	name VARCHAR, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT fk_evaluations_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT uq_evaluations_file_id_name UNIQUE (file_id, name), 
	CONSTRAINT uq_evaluations_id UNIQUE (id)
);
INSERT INTO evaluations VALUES(1,'evr_dr24JlWVx1KKlzH2YJgyJ','fl_vUY00nBVLJURykEwZtVY9','two',1796004350129006,1796004350129006);
CREATE TABLE versions (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR NOT NULL, 
	file_id VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	content JSON NOT NULL, 
	name VARCHAR, 
	description TEXT, 
	datapoints_count INTEGER NOT NULL, 
	logs_count INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	last_used_at BIGINT NOT NULL, 
	deleted_at BIGINT, 
	CONSTRAINT fk_versions_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT uq_versions_file_id_digest UNIQUE (file_id, digest), 
	CONSTRAINT uq_versions_file_id_name UNIQUE (file_id, name), 
	CONSTRAINT uq_versions_id UNIQUE (id)
);
INSERT INTO versions VALUES(1,'flv_3WXbY2zPlnBA0p4lqiDa2','fl_vUY00nBVLJURykEwZtVY9','e9da6511aa353b8f3e7a56eff3fd749b69a9d05b','{"attributes":{"n":1}}',NULL,NULL,0,3,1796004348557715,1796004348557715,1796004350746297,NULL);
INSERT INTO versions VALUES(2,'prv_gKqEOLY8hQe58IfjU8ayk','pr_rsHZhOuR65h3cOxaj9Kkl','555830649fbb6de770c00a0aa4a82f1df35c2e59','{"model":"gpt-4o","template":[{"role":"system","content":"Hi {{name}} – 😀"}],"temperature":0.5}',NULL,NULL,0,0,1796004348822615,1796004348822615,1796004348822615,NULL);
INSERT INTO versions VALUES(3,'dsv_3GIKImCdRePXGboS9RHJG','ds_WcWJr8jad3fXyxZvCLJpQ','59bb11f0915cda322c52ef6d1e2c98a5f1a278d8','{"attributes":null}',NULL,NULL,3,0,1796004349869399,1796004349869399,1796004349869399,NULL);
INSERT INTO versions VALUES(4,'evv_lkudOwyFTatFuOfSetRUi','ev_4s5wPgj6e3MT94Jdt82AQ','8149ab810055cc980c70641591fedba54d154e39','{"spec":{"arguments_type":"target_free","return_type":"boolean","evaluator_type":"human"}}',NULL,NULL,0,10,1796004349975026,1796004349975026,1796004351146213,NULL);
INSERT INTO versions VALUES(5,'evv_U78PK79dLIqWUxKa6HgcT','ev_kTBapmrElEYKkYF2ME99V','dbc97f38abbca4c59a3a044c45b8c559f1e763bd','{"spec":{"arguments_type":"target_free","return_type":"number","evaluator_type":"external"}}',NULL,NULL,0,6,1796004350075091,1796004350075091,1796004351154142,NULL);
INSERT INTO versions VALUES(6,'flv_n3r6xE1oW775VO96bAFTS','fl_vUY00nBVLJURykEwZtVY9','01786be0071b920e3e27f2cfb862a7ac3fb56e80','{"attributes":{"n":2}}',NULL,NULL,0,4,1796004350814935,1796004350814935,1796004351168433,NULL);
INSERT INTO versions VALUES(7,'prv_T2CTaZPF3XO7sOApOsfvb','pr_rsHZhOuR65h3cOxaj9Kkl','4a71a1f00dc9d5e1ebb9774284e4894009b37a43','{"model":"gpt-4o"}',NULL,NULL,0,1,1796004351180808,1796004351180808,1796004351180808,NULL);
CREATE TABLE dataset_datapoints (
	version_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	datapoint_id VARCHAR NOT NULL, 
	CONSTRAINT pk_dataset_datapoints PRIMARY KEY (version_id, position), 
	CONSTRAINT fk_dataset_datapoints_datapoint_id FOREIGN KEY(datapoint_id) REFERENCES datapoints (id), 
	CONSTRAINT fk_dataset_datapoints_version_id FOREIGN KEY(version_id) REFERENCES versions (id), 
	CONSTRAINT uq_dataset_datapoints_version_id_datapoint_id UNIQUE (version_id, datapoint_id)
)
 WITHOUT ROWID

;
INSERT INTO dataset_datapoints VALUES('dsv_3GIKImCdRePXGboS9RHJG',1,'dp_0IZ4vv7KFrxWWOpFYVMG1');
INSERT INTO dataset_datapoints VALUES('dsv_3GIKImCdRePXGboS9RHJG',2,'dp_5hnEWKP0VdOGAB9TUYca0');
INSERT INTO dataset_datapoints VALUES('dsv_3GIKImCdRePXGboS9RHJG',0,'dp_gSOqopxwyLqijTRP7iNx1');
CREATE TABLE deployments (
	file_id VARCHAR NOT NULL, 
	environment_id VARCHAR NOT NULL, 
	version_id VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_deployments PRIMARY KEY (file_id, environment_id), 
	CONSTRAINT fk_deployments_environment_id FOREIGN KEY(environment_id) REFERENCES environments (id), 
	CONSTRAINT fk_deployments_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT fk_deployments_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);
INSERT INTO deployments VALUES('fl_vUY00nBVLJURykEwZtVY9','env_NSGP2lQMWgMMUl4OLTKM0','flv_3WXbY2zPlnBA0p4lqiDa2',1796004348557715);
INSERT INTO deployments VALUES('pr_rsHZhOuR65h3cOxaj9Kkl','env_NSGP2lQMWgMMUl4OLTKM0','prv_gKqEOLY8hQe58IfjU8ayk',1796004348822615);
INSERT INTO deployments VALUES('ds_WcWJr8jad3fXyxZvCLJpQ','env_NSGP2lQMWgMMUl4OLTKM0','dsv_3GIKImCdRePXGboS9RHJG',1796004349869399);
INSERT INTO deployments VALUES('ev_4s5wPgj6e3MT94Jdt82AQ','env_NSGP2lQMWgMMUl4OLTKM0','evv_lkudOwyFTatFuOfSetRUi',1796004349975026);
INSERT INTO deployments VALUES('ev_kTBapmrElEYKkYF2ME99V','env_NSGP2lQMWgMMUl4OLTKM0','evv_U78PK79dLIqWUxKa6HgcT',1796004350075091);
CREATE TABLE evaluation_evaluators (
	evaluation_id VARCHAR NOT NULL, 
	evaluator_version_id VARCHAR NOT NULL, 
	evaluator_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	orchestrated BOOLEAN NOT NULL, 
	added_at BIGINT NOT NULL, 
	CONSTRAINT pk_evaluation_evaluators PRIMARY KEY (evaluation_id, evaluator_version_id), 
	CONSTRAINT fk_evaluation_evaluators_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluations (id), 
	CONSTRAINT fk_evaluation_evaluators_evaluator_id FOREIGN KEY(evaluator_id) REFERENCES files (id), 
	CONSTRAINT fk_evaluation_evaluators_evaluator_version_id FOREIGN KEY(evaluator_version_id) REFERENCES versions (id)
);
INSERT INTO evaluation_evaluators VALUES('evr_dr24JlWVx1KKlzH2YJgyJ','evv_lkudOwyFTatFuOfSetRUi','ev_4s5wPgj6e3MT94Jdt82AQ',0,1,1796004350129006);
INSERT INTO evaluation_evaluators VALUES('evr_dr24JlWVx1KKlzH2YJgyJ','evv_U78PK79dLIqWUxKa6HgcT','ev_kTBapmrElEYKkYF2ME99V',1,1,1796004350129006);
CREATE TABLE logs (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR NOT NULL, 
	file_id VARCHAR NOT NULL, 
	version_id VARCHAR NOT NULL, 
	judged_log_number INTEGER, 
	trace_parent_number INTEGER, 
	trace_root_number INTEGER, 
	datapoint_id VARCHAR, 
	log_status VARCHAR, 
	created_at BIGINT NOT NULL, 
	start_time BIGINT, 
	end_time BIGINT, 
	provider_latency FLOAT, 
	prompt_tokens BIGINT, 
	reasoning_tokens BIGINT, 
	output_tokens BIGINT, 
	prompt_cost FLOAT, 
	output_cost FLOAT, 
	judgment JSON, 
	error TEXT, 
	extra JSON NOT NULL, 
	inputs JSON NOT NULL, 
	messages JSON, 
	output_message JSON, 
	output TEXT, 
	CONSTRAINT fk_logs_file_id FOREIGN KEY(file_id) REFERENCES files (id), 
	CONSTRAINT fk_logs_judged_log_number FOREIGN KEY(judged_log_number) REFERENCES logs (number), 
	CONSTRAINT fk_logs_trace_parent_number FOREIGN KEY(trace_parent_number) REFERENCES logs (number), 
	CONSTRAINT fk_logs_trace_root_number FOREIGN KEY(trace_root_number) REFERENCES logs (number), 
	CONSTRAINT fk_logs_version_id FOREIGN KEY(version_id) REFERENCES versions (id), 
	CONSTRAINT uq_logs_id UNIQUE (id)
);
INSERT INTO logs VALUES(1,'log_wpBOdEO6b44djakd701fr','fl_vUY00nBVLJURykEwZtVY9','flv_3WXbY2zPlnBA0p4lqiDa2',NULL,NULL,NULL,'dp_gSOqopxwyLqijTRP7iNx1','complete',1796004350508325,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":0},"user":"u1"}','{"q":"q0","n":0,"deep":{"a":[0,null,true]}}',NULL,NULL,'out 1 0');
INSERT INTO logs VALUES(2,'log_jw4AefdsqoUjaHdk7U3Fs','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',1,NULL,NULL,NULL,'complete',1796004350601838,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(3,'log_eRk2neMKalJ4dgZVPsXZn','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',1,NULL,NULL,NULL,'complete',1796004350654416,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.33333333333333331482,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(4,'log_RyP8f6LQ5RXWeGk73yW3f','fl_vUY00nBVLJURykEwZtVY9','flv_3WXbY2zPlnBA0p4lqiDa2',NULL,NULL,NULL,'dp_0IZ4vv7KFrxWWOpFYVMG1','complete',1796004350673782,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":1},"user":"u1"}','{"q":"q1","n":1,"deep":{"a":[1,null,true]}}',NULL,NULL,'out 1 1');
INSERT INTO logs VALUES(5,'log_9hii6LmdBnS8rHhGE92nd','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',4,NULL,NULL,NULL,'complete',1796004350695415,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(6,'log_c4bGBlbkve9dwD8QhUh87','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',4,NULL,NULL,NULL,'complete',1796004350714508,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'true',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(7,'log_jfuVjC0nTuF4PkzWXvSd0','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',4,NULL,NULL,NULL,'complete',1796004350730181,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.66666666666666662965,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(8,'log_G65EyGucuyX6DQ1kK4Omq','fl_vUY00nBVLJURykEwZtVY9','flv_3WXbY2zPlnBA0p4lqiDa2',NULL,NULL,NULL,'dp_5hnEWKP0VdOGAB9TUYca0','complete',1796004350746297,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":2},"user":"u1"}','{"q":"q2","n":2,"deep":{"a":[2,null,true]}}',NULL,NULL,'out 1 2');
INSERT INTO logs VALUES(9,'log_IEFDuYBi52hyQjePdccXe','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',8,NULL,NULL,NULL,'complete',1796004350762175,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(10,'log_xJf1uBH23OiN0gx5GruCQ','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',8,NULL,NULL,NULL,'complete',1796004350783441,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(11,'log_i4YDcjhoCwZlTZcYgB04k','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',8,NULL,NULL,NULL,'complete',1796004350797622,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(12,'log_EBHnIXOW53YWpCHUcfqpM','fl_vUY00nBVLJURykEwZtVY9','flv_n3r6xE1oW775VO96bAFTS',NULL,NULL,NULL,'dp_gSOqopxwyLqijTRP7iNx1','complete',1796004350887510,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":0},"user":"u1"}','{"q":"q0","n":0,"deep":{"a":[0,null,true]}}',NULL,NULL,'out 2 0');
INSERT INTO logs VALUES(13,'log_L4nzKEqJ0P3bA0YvkOTUS','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',12,NULL,NULL,NULL,'complete',1796004350915325,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(14,'log_epilLQOizT2zUw9hZ7p4J','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',12,NULL,NULL,NULL,'complete',1796004350950248,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.66666666666666662965,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(15,'log_xRQp05g5MsHxjmh2ktTqO','fl_vUY00nBVLJURykEwZtVY9','flv_n3r6xE1oW775VO96bAFTS',NULL,NULL,NULL,'dp_0IZ4vv7KFrxWWOpFYVMG1','complete',1796004350967471,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":1},"user":"u1"}','{"q":"q1","n":1,"deep":{"a":[1,null,true]}}',NULL,NULL,'out 2 1');
INSERT INTO logs VALUES(16,'log_mDwfdyZplE5gdbvBmGM2y','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',15,NULL,NULL,NULL,'complete',1796004350991835,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(17,'log_I4ry1VxQkCbvi4J0r8wB1','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',15,NULL,NULL,NULL,'complete',1796004351023626,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(18,'log_I5mXAe2bWGZvHZo9PuMkX','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',15,NULL,NULL,NULL,'complete',1796004351056812,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1.3333333333333332593,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(19,'log_5NDEjXd0Or7FAfmcYKU4K','fl_vUY00nBVLJURykEwZtVY9','flv_n3r6xE1oW775VO96bAFTS',NULL,NULL,NULL,'dp_5hnEWKP0VdOGAB9TUYca0','complete',1796004351088442,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"metadata":{"m":2},"user":"u1"}','{"q":"q2","n":2,"deep":{"a":[2,null,true]}}',NULL,NULL,'out 2 2');
INSERT INTO logs VALUES(20,'log_vno0etjQuuL2Nn8RERvYe','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',19,NULL,NULL,NULL,'complete',1796004351125036,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'false',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(21,'log_HbzGIqi8vcjHpbjCItZPv','ev_4s5wPgj6e3MT94Jdt82AQ','evv_lkudOwyFTatFuOfSetRUi',19,NULL,NULL,NULL,'complete',1796004351146213,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'true',NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(22,'log_LgGDTa3e3ureXkUE1SehO','ev_kTBapmrElEYKkYF2ME99V','evv_U78PK79dLIqWUxKa6HgcT',19,NULL,NULL,NULL,'complete',1796004351154142,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,2,NULL,'{}','{}',NULL,NULL,NULL);
INSERT INTO logs VALUES(23,'log_rlwMzgNZDBlE9vl5ZOa2s','fl_vUY00nBVLJURykEwZtVY9','flv_n3r6xE1oW775VO96bAFTS',NULL,NULL,NULL,NULL,'complete',1796004351168433,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{}','{}',NULL,NULL,'done');
INSERT INTO logs VALUES(24,'log_OsyOWQn5W9AEUzxnjG0kk','pr_rsHZhOuR65h3cOxaj9Kkl','prv_T2CTaZPF3XO7sOApOsfvb',NULL,23,23,NULL,'complete',1796004351180808,NULL,NULL,0.33333333333333331482,NULL,NULL,5,NULL,0.10000000000000000555,NULL,NULL,'{}','{}',NULL,NULL,'step');
CREATE TABLE runs (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR NOT NULL, 
	dataset_version_id VARCHAR, 
	version_id VARCHAR, 
	orchestrated BOOLEAN NOT NULL, 
	use_existing_logs BOOLEAN NOT NULL, 
	set_status VARCHAR, 
	logs_count INTEGER NOT NULL, 
	incomplete_logs_count INTEGER NOT NULL, 
	logged_datapoints_count INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT fk_runs_dataset_version_id FOREIGN KEY(dataset_version_id) REFERENCES versions (id), 
	CONSTRAINT fk_runs_version_id FOREIGN KEY(version_id) REFERENCES versions (id), 
	CONSTRAINT uq_runs_id UNIQUE (id)
);
INSERT INTO runs VALUES(1,'run_vsZHgSVdM8kvVckxsiif9','dsv_3GIKImCdRePXGboS9RHJG','flv_3WXbY2zPlnBA0p4lqiDa2',0,0,NULL,3,0,3,11,1796004350323851,1796004350797622);
INSERT INTO runs VALUES(2,'run_VvJjOZuTIxHJ6KV1BBc4f','dsv_3GIKImCdRePXGboS9RHJG','flv_3WXbY2zPlnBA0p4lqiDa2',0,0,NULL,3,0,3,11,1796004350840811,1796004351154142);
CREATE TABLE evaluation_runs (
	evaluation_id VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	control BOOLEAN NOT NULL, 
	added_at BIGINT NOT NULL, 
	CONSTRAINT pk_evaluation_runs PRIMARY KEY (evaluation_id, run_id), 
	CONSTRAINT fk_evaluation_runs_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluations (id), 
	CONSTRAINT fk_evaluation_runs_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
)
 WITHOUT ROWID

;
INSERT INTO evaluation_runs VALUES('evr_dr24JlWVx1KKlzH2YJgyJ','run_VvJjOZuTIxHJ6KV1BBc4f',0,1796004350840811);
INSERT INTO evaluation_runs VALUES('evr_dr24JlWVx1KKlzH2YJgyJ','run_vsZHgSVdM8kvVckxsiif9',0,1796004350323851);
CREATE TABLE judged_counts (
	run_id VARCHAR NOT NULL, 
	evaluator_id VARCHAR NOT NULL, 
	logs_count INTEGER NOT NULL, 
	CONSTRAINT pk_judged_counts PRIMARY KEY (run_id, evaluator_id), 
	CONSTRAINT fk_judged_counts_evaluator_id FOREIGN KEY(evaluator_id) REFERENCES files (id), 
	CONSTRAINT fk_judged_counts_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
)
 WITHOUT ROWID

;
INSERT INTO judged_counts VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_4s5wPgj6e3MT94Jdt82AQ',3);
INSERT INTO judged_counts VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_kTBapmrElEYKkYF2ME99V',3);
INSERT INTO judged_counts VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_4s5wPgj6e3MT94Jdt82AQ',3);
INSERT INTO judged_counts VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_kTBapmrElEYKkYF2ME99V',3);
CREATE TABLE judgments (
	run_id VARCHAR NOT NULL, 
	evaluator_id VARCHAR NOT NULL, 
	log_number INTEGER NOT NULL, 
	evaluator_version_id VARCHAR NOT NULL, 
	evaluator_log_number INTEGER NOT NULL, 
	datapoint_id VARCHAR, 
	latest BOOLEAN NOT NULL, 
	state SMALLINT NOT NULL, 
	number FLOAT, 
	label TEXT, 
	score FLOAT, 
	CONSTRAINT pk_judgments PRIMARY KEY (run_id, evaluator_id, log_number, evaluator_version_id), 
	CONSTRAINT fk_judgments_evaluator_id FOREIGN KEY(evaluator_id) REFERENCES files (id), 
	CONSTRAINT fk_judgments_evaluator_log_number FOREIGN KEY(evaluator_log_number) REFERENCES logs (number), 
	CONSTRAINT fk_judgments_evaluator_version_id FOREIGN KEY(evaluator_version_id) REFERENCES versions (id), 
	CONSTRAINT fk_judgments_log_number FOREIGN KEY(log_number) REFERENCES logs (number), 
	CONSTRAINT fk_judgments_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
)
 WITHOUT ROWID

;
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_4s5wPgj6e3MT94Jdt82AQ',12,'evv_lkudOwyFTatFuOfSetRUi',13,'dp_gSOqopxwyLqijTRP7iNx1',1,0,0.0,NULL,0.0);
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_4s5wPgj6e3MT94Jdt82AQ',15,'evv_lkudOwyFTatFuOfSetRUi',17,'dp_0IZ4vv7KFrxWWOpFYVMG1',1,0,0.0,NULL,0.0);
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_4s5wPgj6e3MT94Jdt82AQ',19,'evv_lkudOwyFTatFuOfSetRUi',21,'dp_5hnEWKP0VdOGAB9TUYca0',1,0,1.0,NULL,1.0);
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_kTBapmrElEYKkYF2ME99V',12,'evv_U78PK79dLIqWUxKa6HgcT',14,'dp_gSOqopxwyLqijTRP7iNx1',1,0,0.66666666666666662965,NULL,0.66666666666666662965);
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_kTBapmrElEYKkYF2ME99V',15,'evv_U78PK79dLIqWUxKa6HgcT',18,'dp_0IZ4vv7KFrxWWOpFYVMG1',1,0,1.3333333333333332593,NULL,1.3333333333333332593);
INSERT INTO judgments VALUES('run_VvJjOZuTIxHJ6KV1BBc4f','ev_kTBapmrElEYKkYF2ME99V',19,'evv_U78PK79dLIqWUxKa6HgcT',22,'dp_5hnEWKP0VdOGAB9TUYca0',1,0,2.0,NULL,2.0);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_4s5wPgj6e3MT94Jdt82AQ',1,'evv_lkudOwyFTatFuOfSetRUi',2,'dp_gSOqopxwyLqijTRP7iNx1',1,0,0.0,NULL,0.0);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_4s5wPgj6e3MT94Jdt82AQ',4,'evv_lkudOwyFTatFuOfSetRUi',6,'dp_0IZ4vv7KFrxWWOpFYVMG1',1,0,1.0,NULL,1.0);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_4s5wPgj6e3MT94Jdt82AQ',8,'evv_lkudOwyFTatFuOfSetRUi',10,'dp_5hnEWKP0VdOGAB9TUYca0',1,0,0.0,NULL,0.0);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_kTBapmrElEYKkYF2ME99V',1,'evv_U78PK79dLIqWUxKa6HgcT',3,'dp_gSOqopxwyLqijTRP7iNx1',1,0,0.33333333333333331482,NULL,0.33333333333333331482);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_kTBapmrElEYKkYF2ME99V',4,'evv_U78PK79dLIqWUxKa6HgcT',7,'dp_0IZ4vv7KFrxWWOpFYVMG1',1,0,0.66666666666666662965,NULL,0.66666666666666662965);
INSERT INTO judgments VALUES('run_vsZHgSVdM8kvVckxsiif9','ev_kTBapmrElEYKkYF2ME99V',8,'evv_U78PK79dLIqWUxKa6HgcT',11,'dp_5hnEWKP0VdOGAB9TUYca0',1,0,1.0,NULL,1.0);
CREATE TABLE run_logs (
	run_id VARCHAR NOT NULL, 
	log_number INTEGER NOT NULL, 
	datapoint_id VARCHAR, 
	failed BOOLEAN NOT NULL, 
	complete BOOLEAN NOT NULL, 
	latency FLOAT, 
	tokens BIGINT, 
	cost FLOAT, 
	length INTEGER NOT NULL, 
	CONSTRAINT pk_run_logs PRIMARY KEY (run_id, log_number), 
	CONSTRAINT fk_run_logs_log_number FOREIGN KEY(log_number) REFERENCES logs (number), 
	CONSTRAINT fk_run_logs_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
)
 WITHOUT ROWID

;
INSERT INTO run_logs VALUES('run_VvJjOZuTIxHJ6KV1BBc4f',12,'dp_gSOqopxwyLqijTRP7iNx1',0,1,NULL,NULL,NULL,7);
INSERT INTO run_logs VALUES('run_VvJjOZuTIxHJ6KV1BBc4f',15,'dp_0IZ4vv7KFrxWWOpFYVMG1',0,1,NULL,NULL,NULL,7);
INSERT INTO run_logs VALUES('run_VvJjOZuTIxHJ6KV1BBc4f',19,'dp_5hnEWKP0VdOGAB9TUYca0',0,1,NULL,NULL,NULL,7);
INSERT INTO run_logs VALUES('run_vsZHgSVdM8kvVckxsiif9',1,'dp_gSOqopxwyLqijTRP7iNx1',0,1,NULL,NULL,NULL,7);
INSERT INTO run_logs VALUES('run_vsZHgSVdM8kvVckxsiif9',4,'dp_0IZ4vv7KFrxWWOpFYVMG1',0,1,NULL,NULL,NULL,7);
INSERT INTO run_logs VALUES('run_vsZHgSVdM8kvVckxsiif9',8,'dp_5hnEWKP0VdOGAB9TUYca0',0,1,NULL,NULL,NULL,7);
CREATE TABLE evals_mcp_control_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT evals_mcp_control_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO evals_mcp_control_version VALUES('0001');
CREATE TABLE workspaces (
	name VARCHAR NOT NULL, 
	schema VARCHAR, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_workspaces PRIMARY KEY (name), 
	CONSTRAINT uq_workspaces_schema UNIQUE (schema)
);
INSERT INTO workspaces VALUES('default',NULL,1796004321960059);
CREATE TABLE api_keys (
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	read_only BOOLEAN NOT NULL, 
	digest VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	revoked_at BIGINT, 
	CONSTRAINT pk_api_keys PRIMARY KEY (id), 
	CONSTRAINT fk_api_keys_workspace FOREIGN KEY(workspace) REFERENCES workspaces (name)
);
INSERT INTO api_keys VALUES('RI4xE3LLVa29','default','ci',0,'a1ab259975edcc87d844ad13fddae5d65138e7482d131ef9576ebe50f40dd0fb',1796004321988370,NULL);
INSERT INTO api_keys VALUES('fBEGEQEYzyRS','default','dash',1,'14477146310f26f6d2a1833c35ed3f036e2f11c48af13cca37ba8a7d5fe6950e',1796004325093260,NULL);
INSERT INTO api_keys VALUES('qr5YvxMY8jFa','default','gone',0,'589f495884464274d0ca77f5d2472a44d230af3046f09082951ce21e1fa7b4f7',1796004328270792,1796004330417222);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('versions',7);
INSERT INTO sqlite_sequence VALUES('evaluations',1);
INSERT INTO sqlite_sequence VALUES('runs',2);
INSERT INTO sqlite_sequence VALUES('logs',24);
CREATE INDEX ix_directories_parent_id ON directories (parent_id);
CREATE INDEX ix_files_directory_id ON files (directory_id);
CREATE INDEX ix_files_type_created_at ON files (type, created_at);
CREATE INDEX ix_evaluations_file_id_number ON evaluations (file_id, number);
CREATE INDEX ix_evaluations_updated_at ON evaluations (updated_at);
CREATE INDEX ix_versions_file_id_number ON versions (file_id, number);
CREATE INDEX ix_dataset_datapoints_datapoint_id ON dataset_datapoints (datapoint_id);
CREATE INDEX ix_deployments_version_id ON deployments (version_id);
CREATE INDEX ix_evaluation_evaluators_evaluator_id ON evaluation_evaluators (evaluator_id);
CREATE INDEX ix_evaluation_evaluators_evaluator_version_id ON evaluation_evaluators (evaluator_version_id);
CREATE INDEX ix_logs_datapoint_id ON logs (datapoint_id);
CREATE INDEX ix_logs_file_id_number ON logs (file_id, number);
CREATE INDEX ix_logs_judged_log_number ON logs (judged_log_number);
CREATE INDEX ix_logs_trace_parent_number ON logs (trace_parent_number);
CREATE INDEX ix_logs_trace_root_number ON logs (trace_root_number);
CREATE INDEX ix_logs_version_id_number ON logs (version_id, number);
CREATE INDEX ix_runs_dataset_version_id ON runs (dataset_version_id);
CREATE INDEX ix_runs_version_id ON runs (version_id);
CREATE INDEX ix_evaluation_runs_run_id ON evaluation_runs (run_id);
CREATE INDEX ix_judgments_evaluator_log_number ON judgments (evaluator_log_number);
CREATE INDEX ix_judgments_log_number ON judgments (log_number);
CREATE INDEX ix_judgments_score ON judgments (run_id, evaluator_id, latest, state, score, log_number);
CREATE INDEX ix_run_logs_log_number ON run_logs (log_number);
CREATE INDEX ix_run_logs_run_id_cost ON run_logs (run_id, cost, log_number);
CREATE INDEX ix_run_logs_run_id_datapoint_id ON run_logs (run_id, datapoint_id);
CREATE INDEX ix_run_logs_run_id_failed ON run_logs (run_id, failed, log_number);
CREATE INDEX ix_run_logs_run_id_latency ON run_logs (run_id, latency, log_number);
CREATE INDEX ix_run_logs_run_id_length ON run_logs (run_id, length, log_number);
CREATE INDEX ix_api_keys_workspace ON api_keys (workspace);
COMMIT;
