package redis

import (
	"fmt"
	"strconv"
	"strings"
)

// server is what a Redis server says about itself. What it does not say, or may not tell us, is empty.
type server struct {
	version string
	policy  string // what it does when its memory is full
}

// oldest is the oldest version that has all the commands we use.
const (
	oldestMajor = 6
	oldestMinor = 2
)

// readInfo reads the answer to INFO.
func readInfo(info string) server {
	var s server
	for line := range strings.Lines(info) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name {
		case "redis_version":
			s.version = value
		case "maxmemory_policy":
			s.policy = value
		}
	}
	return s
}

// check returns an error for a server that is too old.
func (s server) check() error {
	numbers := strings.SplitN(s.version, ".", 3)
	if len(numbers) < 2 {
		return nil // unknown: commands that it does not have will say so
	}
	major, err1 := strconv.Atoi(numbers[0])
	minor, err2 := strconv.Atoi(numbers[1])
	if err1 == nil && err2 == nil && (major < oldestMajor || major == oldestMajor && minor < oldestMinor) {
		return fmt.Errorf("this is Redis %s: at least %d.%d is needed", s.version, oldestMajor, oldestMinor)
	}
	return nil
}

// evicts tells whether the server drops keys when its memory is full. Where that is unknown, it is taken to be as it should.
func (s server) evicts() bool { return s.policy != "" && s.policy != "noeviction" }
