-- Headrace's part of a service's schema. Topics are in the order of their bytes, in which rows are locked.
-- Times are microseconds since 1970; yes and no are 1 and 0. What was released is not changed any more: the next change is the next file.

-- +goose Up

-- How many partitions a topic was first used with, for ever.
CREATE TABLE headrace_topic (
	topic      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	partitions BIGINT NOT NULL
);

-- What transactions published and the relay has not numbered yet. Within a key, ids rise in the order of commits.
CREATE TABLE headrace_outbox (
	id        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	topic     TEXT COLLATE "C" NOT NULL,
	partition BIGINT  NOT NULL,
	meta      BYTEA,
	data      BYTEA,
	published BIGINT  NOT NULL
);

-- Everything the service ever published, in its order.
CREATE TABLE headrace_journal (
	topic     TEXT COLLATE "C" NOT NULL,
	partition BIGINT NOT NULL,
	epoch     BIGINT NOT NULL,
	seq       BIGINT NOT NULL,
	meta      BYTEA,
	data      BYTEA
);
CREATE UNIQUE INDEX headrace_journal_position ON headrace_journal (topic, partition, epoch, seq);

-- The last numbered and the last trimmed position of every owned partition.
CREATE TABLE headrace_head (
	topic       TEXT COLLATE "C" NOT NULL,
	partition   BIGINT NOT NULL,
	epoch       BIGINT NOT NULL,
	seq         BIGINT NOT NULL,
	floor_epoch BIGINT NOT NULL,
	floor_seq   BIGINT NOT NULL,
	PRIMARY KEY (topic, partition)
);

CREATE TABLE headrace_epoch (
	topic     TEXT COLLATE "C" NOT NULL,
	partition BIGINT NOT NULL,
	epoch     BIGINT NOT NULL,
	base      BIGINT NOT NULL,
	PRIMARY KEY (topic, partition, epoch)
);

-- Lease, fence and cursor of a partition, in one row. An owner is who holds the lease until it expires; clean is a lease that was given
-- back or never taken, dirty one that was not clean when its owner took it.
CREATE TABLE headrace_lease (
	group_name   TEXT   NOT NULL,
	topic        TEXT COLLATE "C" NOT NULL,
	partition    BIGINT NOT NULL,
	epoch        BIGINT NOT NULL,
	seq          BIGINT NOT NULL,
	fence        BIGINT NOT NULL DEFAULT 0,
	owner        TEXT   NOT NULL DEFAULT '',
	expires      BIGINT NOT NULL DEFAULT 0,
	clean        BIGINT NOT NULL DEFAULT 1,
	dirty        BIGINT NOT NULL DEFAULT 0,
	trying_epoch BIGINT NOT NULL DEFAULT 0,
	trying_seq   BIGINT NOT NULL DEFAULT 0,
	tries        BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (group_name, topic, partition)
);

CREATE TABLE headrace_member (
	member  TEXT   NOT NULL PRIMARY KEY,
	expires BIGINT NOT NULL
);

CREATE TABLE headrace_parked (
	id         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	group_name TEXT    NOT NULL,
	topic      TEXT COLLATE "C" NOT NULL,
	partition  BIGINT  NOT NULL,
	epoch      BIGINT  NOT NULL,
	seq        BIGINT  NOT NULL,
	event_id   TEXT    NOT NULL,
	key        TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	holds      BIGINT  NOT NULL,
	attempts   BIGINT  NOT NULL,
	tries      BIGINT  NOT NULL,
	due        BIGINT  NOT NULL,
	handler    TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	error      TEXT    NOT NULL,
	parked     BIGINT  NOT NULL,
	failed     BIGINT  NOT NULL,
	meta       BYTEA,
	data       BYTEA
);
CREATE UNIQUE INDEX headrace_parked_position ON headrace_parked (group_name, topic, partition, epoch, seq);
CREATE INDEX headrace_parked_queue ON headrace_parked (group_name, topic, partition, key, epoch, seq);
CREATE INDEX headrace_parked_held ON headrace_parked (group_name, topic, partition, key) WHERE holds = 1;
CREATE INDEX headrace_parked_due ON headrace_parked (group_name, due) WHERE state IN ('retrying', 'discarding');

CREATE TABLE headrace_foreign_entry (
	id         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	group_name TEXT    NOT NULL,
	topic      TEXT COLLATE "C" NOT NULL,
	partition  BIGINT  NOT NULL,
	epoch      BIGINT  NOT NULL,
	seq        BIGINT  NOT NULL,
	data       BYTEA,
	reason     TEXT    NOT NULL,
	found      BIGINT  NOT NULL
);
CREATE INDEX headrace_foreign_entry_found ON headrace_foreign_entry (group_name, found, id);

-- Events that are published later.
CREATE TABLE headrace_timer (
	id        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	token     TEXT    NOT NULL UNIQUE,
	due       BIGINT  NOT NULL,
	topic     TEXT COLLATE "C" NOT NULL,
	partition BIGINT  NOT NULL,
	meta      BYTEA,
	data      BYTEA
);
CREATE INDEX headrace_timer_due ON headrace_timer (due, id);
