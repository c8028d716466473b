// Package contract is what others may know of the service identity: its events, and what it can be asked.
package contract

import "github.com/headrace/headrace"

// Topic is owned by identity; the key of its events is the user id.
var Topic = headrace.Topic{Name: "identity", Partitions: 8}

// Registered: somebody opened an account. Version 1 knew neither locale nor marketing.
var Registered = headrace.Define(Topic, "user.registered", 2,
	func(d RegisteredData) string { return d.UserID },
	headrace.Upcast(1, func(d RegisteredV1) RegisteredData {
		return RegisteredData{UserID: d.UserID, Email: d.Email, DisplayName: d.DisplayName, Locale: "en"}
	}))

// ProfileUpdated: a user changed the profile.
var ProfileUpdated = headrace.Define(Topic, "user.profile_updated", 1, func(d ProfileUpdatedData) string { return d.UserID })

// RoleGranted: a user may do more than before.
var RoleGranted = headrace.Define(Topic, "user.role_granted", 1, func(d RoleGrantedData) string { return d.UserID })

// RegisteredData is the data of Registered.
type RegisteredData struct {
	UserID         string `json:"user_id"`
	Email          string `json:"email" pii:"true"`
	DisplayName    string `json:"display_name" pii:"true"`
	Locale         string `json:"locale"`
	MarketingOptIn bool   `json:"marketing_opt_in"`
}

// RegisteredV1 is version 1 of the data of Registered.
type RegisteredV1 struct {
	UserID      string `json:"user_id"`
	Email       string `json:"email" pii:"true"`
	DisplayName string `json:"display_name" pii:"true"`
}

// ProfileUpdatedData is the data of ProfileUpdated. Changed names the fields; their new values are next to it.
type ProfileUpdatedData struct {
	UserID      string   `json:"user_id"`
	Changed     []string `json:"changed"`
	DisplayName string   `json:"display_name,omitempty" pii:"true"`
}

// RoleGrantedData is the data of RoleGranted.
type RoleGrantedData struct {
	UserID string `json:"user_id"`
	Role   string `json:"role"`
}
