package driver

import (
	"fmt"
	"slices"
	"strings"
)

// ParseSubject cuts a subject of [Live] into its words. An empty word or a wildcard among them is an error.
func ParseSubject(subject string) ([]string, error) {
	words := strings.Split(subject, ".")
	for _, w := range words {
		if w == "" || w == "*" || w == ">" {
			return nil, fmt.Errorf("subject %q: word %q: must not be empty or a wildcard", subject, w)
		}
	}
	return words, nil
}

// ParsePattern cuts a pattern of [Live.Subscribe] into its words. An empty word, or a ">" before the end, is an error.
func ParsePattern(pattern string) ([]string, error) {
	words := strings.Split(pattern, ".")
	switch i := slices.Index(words, ">"); {
	case slices.Contains(words, ""):
		return nil, fmt.Errorf("pattern %q: words must not be empty", pattern)
	case i >= 0 && i < len(words)-1:
		return nil, fmt.Errorf("pattern %q: %q must be the last word", pattern, ">")
	}
	return words, nil
}

// MatchSubject reports whether the words of a subject match those of a pattern: "*" stands for one word, ">" at the end for one or more.
func MatchSubject(pattern, subject []string) bool {
	for i, word := range pattern {
		switch {
		case i == len(subject):
			return false
		case word == ">":
			return true
		case word != "*" && word != subject[i]:
			return false
		}
	}
	return len(pattern) == len(subject)
}
