package redis

import (
	"slices"
	"strings"
)

// The kinds of channels.
const (
	spoken   = "live"   // what is published
	question = "ask"    // questions on a subject
	answered = "answer" // answers, for one who asked
)

// channel is the name of a channel: the prefix, the kind, the subject.
func (l *Live) channel(kind, subject string) string { return l.prefix + ":" + kind + ":" + subject }

// channel names what one listens to: a channel, or all channels that match a pattern of Redis.
type channel struct {
	name string
	glob bool
}

var globs = strings.NewReplacer(`\`, `\\`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `*`, `\*`)

// listenTo is where a pattern of ours is heard. The wildcards of Redis know no words, so more may be heard than was meant.
func (l *Live) listenTo(pattern string) channel {
	words := strings.Split(pattern, ".")
	wild := func(w string) bool { return w == "*" || w == ">" }
	if !slices.ContainsFunc(words, wild) {
		return channel{name: l.channel(spoken, pattern)}
	}
	for i, w := range words {
		if wild(w) {
			words[i] = "*"
		} else {
			words[i] = globs.Replace(w)
		}
	}
	return channel{name: globs.Replace(l.channel(spoken, "")) + strings.Join(words, "."), glob: true}
}
