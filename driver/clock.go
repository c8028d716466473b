package driver

import "time"

// Clock tells the time. It is injected wherever time decides something, so that tests decide what time it is.
type Clock func() time.Time

// SystemClock is the clock of the machine.
func SystemClock() time.Time { return time.Now() }

// Now is the clock's time in UTC, cut to microseconds (what every database keeps). A nil Clock is [SystemClock].
func (c Clock) Now() time.Time {
	if c == nil {
		c = SystemClock
	}
	return c().UTC().Truncate(time.Microsecond)
}
