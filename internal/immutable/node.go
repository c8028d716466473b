package immutable

// node is a node of a weight-balanced tree: neither side of a node weighs more than three times the other. See Hirai and Yamamoto,
// "Balancing weight-balanced trees", Journal of Functional Programming 21 (2011), for why the two factors are 3 and 2. A node is never
// changed once it is made; nil is the empty tree.
type node[K Key[K], V any] struct {
	key         K
	value       V
	left, right *node[K, V]
	count       int
}

const (
	heavy  = 3 // a side that weighs more than this many times the other must give some
	double = 2 // its inner half weighs at least this many times the outer: rotate twice
)

func (n *node[K, V]) len() int {
	if n == nil {
		return 0
	}
	return n.count
}

func (n *node[K, V]) weight() int { return n.len() + 1 }

// with returns a node with n's key and value over two subtrees.
func (n *node[K, V]) with(left, right *node[K, V]) *node[K, V] {
	return &node[K, V]{key: n.key, value: n.value, left: left, right: right, count: left.len() + right.len() + 1}
}

// balanced is with, for subtrees of which one has just gained or lost a node.
func (n *node[K, V]) balanced(left, right *node[K, V]) *node[K, V] {
	switch {
	case right.weight() > heavy*left.weight():
		if right.left.weight() >= double*right.right.weight() {
			right = right.left.with(right.left.left, right.with(right.left.right, right.right))
		}
		return right.with(n.with(left, right.left), right.right)
	case left.weight() > heavy*right.weight():
		if left.right.weight() >= double*left.left.weight() {
			left = left.right.with(left.with(left.left, left.right.left), left.right.right)
		}
		return left.with(left.left, n.with(left.right, right))
	}
	return n.with(left, right)
}

func (n *node[K, V]) set(key K, value V) *node[K, V] {
	if n == nil {
		return &node[K, V]{key: key, value: value, count: 1}
	}
	switch c := key.Compare(n.key); {
	case c < 0:
		return n.balanced(n.left.set(key, value), n.right)
	case c > 0:
		return n.balanced(n.left, n.right.set(key, value))
	}
	return &node[K, V]{key: key, value: value, left: n.left, right: n.right, count: n.count}
}

// delete takes out a key that is there.
func (n *node[K, V]) delete(key K) *node[K, V] {
	switch c := key.Compare(n.key); {
	case c < 0:
		return n.balanced(n.left.delete(key), n.right)
	case c > 0:
		return n.balanced(n.left, n.right.delete(key))
	case n.left == nil:
		return n.right
	case n.right == nil:
		return n.left
	}
	first := n.right
	for first.left != nil {
		first = first.left
	}
	return first.balanced(n.left, n.right.delete(first.key))
}

func (n *node[K, V]) all(yield func(K, V) bool) bool {
	return n == nil || n.left.all(yield) && yield(n.key, n.value) && n.right.all(yield)
}

func (n *node[K, V]) from(key K, yield func(K, V) bool) bool {
	switch {
	case n == nil:
		return true
	case key.Compare(n.key) > 0:
		return n.right.from(key, yield)
	}
	return n.left.from(key, yield) && yield(n.key, n.value) && n.right.all(yield)
}
