package postgres

import (
	"strconv"
	"strings"
)

// heartbeat is one statement, because it is what an idle service sends most. It is a transaction of its own, so the time that it waits for a lock is
// set within it, before the first lock is asked for. Everything in it sees the state in which it began: what it changes itself is added.
const heartbeat = `
WITH patience AS MATERIALIZED (
	SELECT set_config('lock_timeout', '{milliseconds}', true)
), announced AS (
	INSERT INTO headrace_member (member, expires) SELECT $2, {now} + $3 FROM patience
	ON CONFLICT (member) DO UPDATE SET expires = excluded.expires
), silent AS (
	SELECT member FROM headrace_member WHERE expires <= {now} AND member <> $2 FOR UPDATE SKIP LOCKED
), forgotten AS (
	DELETE FROM headrace_member WHERE member IN (SELECT member FROM silent)
), held AS MATERIALIZED (
	SELECT group_name, topic, partition FROM headrace_lease WHERE owner = $2 AND EXISTS (SELECT 1 FROM patience)
	ORDER BY group_name, topic, partition FOR UPDATE
), extended AS (
	UPDATE headrace_lease AS l SET expires = {now} + $3 FROM held AS h
	WHERE l.group_name = h.group_name AND l.topic = h.topic AND l.partition = h.partition
)
SELECT group_name, topic, partition, fence, CASE WHEN owner = $2 OR expires > {now} THEN owner ELSE '' END, epoch, seq FROM headrace_lease
UNION ALL
SELECT '', member, 0, 0, '', 0, 0 FROM headrace_member WHERE expires > {now} AND member <> $2
UNION ALL
SELECT '', $2, 0, 0, '', 0, 0`

// Heartbeat implements [sqlstore.Dialect].
func (d dialect) Heartbeat() string {
	return strings.Replace(heartbeat, "{milliseconds}", strconv.FormatInt(d.lockTimeout.Milliseconds(), 10), 1)
}
