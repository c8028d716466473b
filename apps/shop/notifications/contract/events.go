// Package contract is what others may know of the service notifications: its events, and what it can be asked.
package contract

import "github.com/headrace/headrace"

// Topic is owned by notifications; the key of its events is what the mail is about: a user or an order.
var Topic = headrace.Topic{Name: "notifications", Partitions: 8}

// Sent: a mail went out.
var Sent = headrace.Define(Topic, "notification.sent", 1, func(d SentData) string { return d.RefID })

// Suppressed: a mail was not sent, because there is nobody to send it to.
var Suppressed = headrace.Define(Topic, "notification.suppressed", 1, func(d SuppressedData) string { return d.RefID })

// SentData is the data of Sent.
type SentData struct {
	Template  string `json:"template"`
	Channel   string `json:"channel"`
	RefID     string `json:"ref_id"`
	DedupeKey string `json:"dedupe_key"`
}

// SuppressedData is the data of Suppressed.
type SuppressedData struct {
	Template string `json:"template"`
	RefID    string `json:"ref_id"`
	Reason   string `json:"reason"`
}
