package notifications

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/apps/shop/notifications/contract"
)

// contact is where a user's mail goes.
type contact struct{ userID, email, name string }

func saveContact(ctx context.Context, tx *headrace.Tx, c contact) error {
	_, err := tx.SQL().ExecContext(ctx, `INSERT INTO contact (user_id, email, display_name) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, display_name = excluded.display_name`, c.userID, c.email, c.name)
	if err != nil {
		return fmt.Errorf("save contact of user %s: %w", c.userID, err)
	}
	return nil
}

func rename(ctx context.Context, tx *headrace.Tx, userID, name string) error {
	if name == "" {
		return nil
	}
	_, err := tx.SQL().ExecContext(ctx, `UPDATE contact SET display_name = $2 WHERE user_id = $1`, userID, name)
	if err != nil {
		return fmt.Errorf("rename contact of user %s: %w", userID, err)
	}
	return nil
}

func findContact(ctx context.Context, tx *headrace.Tx, userID string) (contact, bool, error) {
	c := contact{userID: userID}
	err := tx.SQL().QueryRowContext(ctx, `SELECT email, display_name FROM contact WHERE user_id = $1`, userID).Scan(&c.email, &c.name)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, false, nil
	case err != nil:
		return c, false, fmt.Errorf("find contact of user %s: %w", userID, err)
	}
	return c, true, nil
}

// addMail reports false if there is a mail for the same reason.
func addMail(ctx context.Context, tx *headrace.Tx, id string, to contact, l letter) (bool, error) {
	result, err := tx.SQL().ExecContext(ctx, `INSERT INTO mail (dedupe_key, id, user_id, recipient, template, ref_id, subject, body, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dedupe_key) DO NOTHING`,
		l.dedupeKey(), id, to.userID, to.email, l.template, l.refID, l.subject, l.body, tx.Now().UnixMicro())
	if err != nil {
		return false, fmt.Errorf("add mail %s: %w", l.dedupeKey(), err)
	}
	added, err := result.RowsAffected()
	return added == 1, err
}

// ListMails returns mails, the newest first.
func (n *Notifications) ListMails(ctx context.Context, q contract.ListMails) (contract.MailList, error) {
	list := contract.MailList{Mails: []contract.Mail{}}
	err := n.Service.View(ctx, func(ctx context.Context, tx *headrace.Tx) error {
		rows, err := tx.SQL().QueryContext(ctx, `SELECT id, user_id, recipient, template, ref_id, subject, body, sent_at FROM mail
			WHERE $1 = '' OR user_id = $1 ORDER BY sent_at DESC, id DESC LIMIT $2`, q.UserID, min(cmp.Or(max(q.Limit, 0), 50), 200))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m contract.Mail
			var sent int64
			if err := rows.Scan(&m.ID, &m.UserID, &m.To, &m.Template, &m.RefID, &m.Subject, &m.Body, &sent); err != nil {
				return err
			}
			m.SentAt = time.UnixMicro(sent).UTC()
			list.Mails = append(list.Mails, m)
		}
		return rows.Err()
	})
	if err != nil {
		return contract.MailList{}, fmt.Errorf("list mails: %w", err)
	}
	return list, nil
}
