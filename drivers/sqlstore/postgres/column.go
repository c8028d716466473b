package postgres

import (
	"fmt"
	"strconv"
)

func parameter(n int) string { return "$" + strconv.Itoa(n) }

// column collects every step-th value, which all are of the type of the first, and returns them as an array with its type in SQL.
func column(values []any, step int) (array any, typ string) {
	switch values[0].(type) {
	case string:
		return collect(values, step, func(v any) string { return v.(string) }), "TEXT[]"
	case []byte:
		return collect(values, step, func(v any) []byte { return v.([]byte) }), "BYTEA[]"
	case int, int64:
		return collect(values, step, whole), "BIGINT[]"
	}
	panic(fmt.Sprintf("postgres: a column of type %T", values[0]))
}

func whole(v any) int64 {
	if n, ok := v.(int); ok {
		return int64(n)
	}
	return v.(int64)
}

func collect[T any](values []any, step int, as func(any) T) []T {
	list := make([]T, 0, (len(values)+step-1)/step)
	for i := 0; i < len(values); i += step {
		list = append(list, as(values[i]))
	}
	return list
}
