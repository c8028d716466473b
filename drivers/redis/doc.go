// Package redis
package redis
