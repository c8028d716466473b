package redis

import (
	"fmt"
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

// checkSubject refuses subjects with an empty word or a wildcard.
func checkSubject(subject string) error {
	for w := range strings.SplitSeq(subject, ".") {
		if w == "" || w == "*" || w == ">" {
			return fmt.Errorf("redis: subject %q: word %q: must not be empty or a wildcard", subject, w)
		}
	}
	return nil
}

// parsePattern cuts a pattern into its words.
func parsePattern(pattern string) ([]string, error) {
	words := strings.Split(pattern, ".")
	switch i := slices.Index(words, ">"); {
	case slices.Contains(words, ""):
		return nil, fmt.Errorf("redis: pattern %q: words must not be empty", pattern)
	case i >= 0 && i < len(words)-1:
		return nil, fmt.Errorf("redis: pattern %q: %q must be the last word", pattern, ">")
	}
	return words, nil
}

// matches reports whether a subject matches the words of a pattern.
func matches(pattern []string, subject string) bool {
	words := strings.Split(subject, ".")
	for i, word := range pattern {
		switch {
		case i == len(words):
			return false
		case word == ">":
			return true
		case word != "*" && word != words[i]:
			return false
		}
	}
	return len(pattern) == len(words)
}
