package memory

import (
	"fmt"
	"slices"
	"strings"
)

// parseSubject cuts a subject into its words.
func parseSubject(subject string) ([]string, error) {
	words := strings.Split(subject, ".")
	for _, w := range words {
		if w == "" || w == "*" || w == ">" {
			return nil, fmt.Errorf("subject %q: word %q: must not be empty or a wildcard", subject, w)
		}
	}
	return words, nil
}

// parsePattern cuts a pattern into its words.
func parsePattern(pattern string) ([]string, error) {
	words := strings.Split(pattern, ".")
	switch i := slices.Index(words, ">"); {
	case slices.Contains(words, ""):
		return nil, fmt.Errorf("pattern %q: words must not be empty", pattern)
	case i >= 0 && i < len(words)-1:
		return nil, fmt.Errorf("pattern %q: %q must be the last word", pattern, ">")
	}
	return words, nil
}

// matchSubject reports whether a subject matches a pattern: "*" stands for one word, ">" at the end for one or more.
func matchSubject(pattern, subject []string) bool {
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
