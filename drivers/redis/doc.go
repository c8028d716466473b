// Package redis carries events on Redis Streams, from version 6.2 on, and on Valkey: one server, Sentinel or Cluster. It is tried on Redis 7.0.15
// and 8.0.2 and on Valkey 8.1.1.
//
//	broker, err := redis.NewBroker(redis.BrokerConfig{URL: "redis://localhost:6379"})
//	app := headrace.App{Broker: broker, Services: services}
//
// Redis may lose all it has, at any moment, and no event is lost with it: the journal has them. So persistence is a matter of taste here, and
// streams are cut to a bound whatever their groups have read.
//
// # What is on the server
//
// A stream for each partition, "headrace:{0}:orders:7": the prefix, the shard, the topic, the partition. An entry has its event's position as
// its id, the metadata in field "m" and the data in field "d". Ids are never Redis's choice: it refuses whatever is at or below a stream's
// top, so that nothing comes twice or out of order, whoever appends it how often.
//
// A consumer group for each service, with one consumer, "owner": whoever holds the partition. What is pending on a stream is in flight there.
// Groups are for those who look at the server; how far a service has come stands in its own database, and groups are set from there.
//
// Everything else with the prefix is somebody else's. What is added to a stream by other hands is told apart and set aside, and the top that
// it raised is set back.
//
// # Without a database
//
// A [Store] is for services that keep no state of their own. Cursors, leases, parked events and timers are keys "headrace:{0}:~name:...", and
// what is published goes straight to its stream: one script does all of a transaction or nothing of it. It locks nothing; of two transactions
// that change the same, the later one fails and is run again.
//
// It promises less. The stream is the only copy of an event: what Redis loses is lost, is counted and is said ([headrace.Lost]), and streams of
// such a service are never cut unless it is asked for. Redis must write what it keeps to a disk (appendonly yes) for any promise to outlive
// it. When the server turns out to be another one than before, after a failover or a restart, a new epoch begins: numbers that it may have
// lost are not given again. There is no SQL; [State] keeps a few values. The broker has one shard: a script works in one place.
//
// Its user needs besides what is below: +evalsha +script|load +hget +hmget +hset +hgetall +hdel +hexists +hincrby +zadd +zrem +zrange +zrangebyscore
// +sadd +xrange +xtrim +set +time +info.
//
// # What the server needs
//
// The setting maxmemory-policy noeviction. Where keys may be evicted a stream that was lost is not filled again, because that would drive out
// another; history serves then, and the log says so.
//
// A user needs no more than this, INFO if the version and that setting are to be looked at, and CLUSTER for a Cluster. Users who may do less are in
// docs/guides/redis-and-postgresql.md:
//
//	user shop on >secret ~headrace:* -@all +hello +xadd +xreadgroup +xack +xgroup +xinfo +xpending +xdel +xsetid +xrevrange +exists +eval
//	     +xrange +del +rename
//
// # Live
//
// [Live] speaks over Pub/Sub, for systems without NATS: channels are named "headrace:live:" and the subject, questions travel on "headrace:ask:"
// and the subject, answers on "headrace:answer:" and who asked. Whoever answers a question claims it with a key "headrace:{claim}:" and the
// question's id, which expires. A user needs for that
//
//	user live on >secret resetchannels &headrace:* ~headrace:{claim}:* -@all +hello +ping +publish +subscribe +unsubscribe +psubscribe +punsubscribe +set
//
// and, since Redis compares patterns by their letters, a channel rule for each pattern it subscribes to, such as &headrace:live:event.*.*
//
// # Not obvious
//
// A read that waits is left waiting at the server when the reader's own wait is over, for up to five seconds. It takes a connection of its own
// for each reader and shard. If the process stands still meanwhile, it may take entries with it that its successor then reads from history.
//
// A server that does not answer is silence first and, after [BrokerConfig.Timeout], an error.
package redis
