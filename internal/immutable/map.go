// Package immutable has an ordered map that never changes: what would change it returns a new one that shares nearly everything with the
// old. A copy of the map is therefore a snapshot, taken in no time and read without a lock.
package immutable

import "iter"

// Key is what can be a key of a [Map]: something that orders itself against its like.
type Key[K any] interface {
	// Compare returns a negative number, 0 or a positive number when the key comes before, is, or comes after the other.
	Compare(K) int
}

// Map is an ordered map from K to V. Its zero value is empty and ready. Any number of goroutines may read a Map, because nothing writes
// to it. Get, Set and Delete take time in the order of log(Len).
type Map[K Key[K], V any] struct{ root *node[K, V] }

// Len is the number of keys.
func (m Map[K, V]) Len() int { return m.root.len() }

// Get returns the value of a key and whether there is one.
func (m Map[K, V]) Get(key K) (V, bool) {
	for n := m.root; n != nil; {
		switch c := key.Compare(n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.value, true
		}
	}
	var none V
	return none, false
}

// Set returns a map in which the key has the value.
func (m Map[K, V]) Set(key K, value V) Map[K, V] {
	return Map[K, V]{m.root.set(key, value)}
}

// Delete returns a map without the key. If the key is not there, that is m itself.
func (m Map[K, V]) Delete(key K) Map[K, V] {
	if _, ok := m.Get(key); !ok {
		return m
	}
	return Map[K, V]{m.root.delete(key)}
}

// All goes through the keys in rising order.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { m.root.all(yield) }
}

// From goes through the keys at or after the given one in rising order.
func (m Map[K, V]) From(key K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { m.root.from(key, yield) }
}
