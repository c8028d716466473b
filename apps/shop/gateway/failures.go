package gateway

import (
	"errors"
	"net/http"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/invalid"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// serviceProblem says what the errors of the services' contracts mean to a client; nil if it is none of them.
func serviceProblem(err error) *problem {
	if wrong, ok := errors.AsType[*invalid.Error](err); ok {
		return refuse(http.StatusUnprocessableEntity, "invalid_field", "%s", wrong.Error()).at(wrong.Field)
	}
	for _, known := range serviceErrors() {
		if errors.Is(err, known.err) {
			return refuse(known.status, known.code, "%s", known.detail)
		}
	}
	return nil
}

type serviceError struct {
	err    error
	status int
	code   string
	detail string
}

func serviceErrors() []serviceError {
	return []serviceError{
		{identity.ErrEmailTaken, http.StatusConflict, "email_taken", "there is an account with this email address already"},
		{identity.ErrCredentials, http.StatusUnauthorized, "wrong_credentials", "email or password is wrong"},
		{identity.ErrNoSession, http.StatusUnauthorized, "unauthenticated", "the session has ended; log in again"},
		{identity.ErrNotFound, http.StatusNotFound, "user_not_found", "there is no such user"},
		{inventory.ErrNotFound, http.StatusNotFound, "product_not_found", "there is no such product"},
		{inventory.ErrTooFew, http.StatusConflict, "too_few", "there are not that many pieces on the shelf"},
		{orders.ErrNotFound, http.StatusNotFound, "order_not_found", "there is no such order"},
		{orders.ErrConflict, http.StatusConflict, "idempotency_conflict", "this Idempotency-Key was used for another request before"},
		{orders.ErrTooLate, http.StatusConflict, "too_late", "the order can no longer be cancelled"},
	}
}
