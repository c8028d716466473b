// Package uuid makes event ids: UUID version 7 of RFC 9562, which sort by the time they were made.
package uuid

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// V7 returns a new UUID of version 7 for a time, in its usual form of 36 characters. Its first 48 bits are the time's milliseconds, the
// next 12 the fraction of the millisecond (section 6.2, method 3), the rest is random.
func V7(now time.Time) string {
	var u [16]byte
	_, _ = rand.Read(u[8:]) // crypto/rand.Read never fails: it ends the program instead
	ms := now.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	fraction := uint16(int64(now.Nanosecond()%int(time.Millisecond)) << 12 / int64(time.Millisecond))
	u[6] = 0x70 | byte(fraction>>8)
	u[7] = byte(fraction)
	u[8] = 0x80 | u[8]&0x3f

	var s [36]byte
	hex.Encode(s[0:8], u[0:4])
	s[8] = '-'
	hex.Encode(s[9:13], u[4:6])
	s[13] = '-'
	hex.Encode(s[14:18], u[6:8])
	s[18] = '-'
	hex.Encode(s[19:23], u[8:10])
	s[23] = '-'
	hex.Encode(s[24:36], u[10:16])
	return string(s[:])
}
