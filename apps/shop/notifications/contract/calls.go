package contract

import "time"

// ListMails asks for mails, the newest first.
type ListMails struct {
	UserID string `json:"user_id"` // empty: everybody's
	Limit  int    `json:"limit"`   // 0: 50; at most 200
}

// MailList answers ListMails.
type MailList struct {
	Mails []Mail `json:"mails"`
}

// Mail is a mail that was sent.
type Mail struct {
	ID       string    `json:"id"`
	UserID   string    `json:"user_id"`
	To       string    `json:"to" pii:"true"`
	Template string    `json:"template"`
	RefID    string    `json:"ref_id"` // the user or the order it is about
	Subject  string    `json:"subject"`
	Body     string    `json:"body" pii:"true"`
	SentAt   time.Time `json:"sent_at"`
}
