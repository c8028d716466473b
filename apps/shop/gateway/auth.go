package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
)

// session is who sent a request.
type session struct {
	identity.Principal
	token string
}

func (s *session) admin() bool { return s.Role == identity.RoleAdmin }

// owner is whose orders and mails the session may see: its own, and an admin everybody's, which the services write as "".
func (s *session) owner() string {
	if s.admin() {
		return ""
	}
	return s.UserID
}

type (
	handlerFunc func(w http.ResponseWriter, r *http.Request) error
	userFunc    func(w http.ResponseWriter, r *http.Request, s *session) error
)

// maxToken is how long a token may be, in bytes, before anybody looks it up.
const maxToken = 512

var (
	errNoToken   = refuse(http.StatusUnauthorized, "unauthenticated", "this needs a header Authorization: Bearer TOKEN; log in to get one")
	errBadToken  = refuse(http.StatusUnauthorized, "unauthenticated", "the token is unknown or has expired; log in again")
	errAdminOnly = refuse(http.StatusForbidden, "forbidden", "only an admin may do this")
)

// asUser lets programs in that show a bearer token.
func (g *Gateway) asUser(handle userFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := g.sessionOf(r.Context(), bearer(r))
		if err != nil {
			return err
		}
		return handle(w, r, s)
	}
}

// asAdmin lets programs in that show the bearer token of an admin.
func (g *Gateway) asAdmin(handle userFunc) handlerFunc {
	return g.asUser(func(w http.ResponseWriter, r *http.Request, s *session) error {
		if !s.admin() {
			return errAdminOnly
		}
		return handle(w, r, s)
	})
}

// asListener is asUser that also takes the pages' cookie, because a browser's EventSource cannot send a header. It is for reading only.
func (g *Gateway) asListener(handle userFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		token := bearer(r)
		if token == "" {
			token = g.cookie(r)
		}
		ctx, cancel := g.limited(r.Context())
		defer cancel()
		s, err := g.sessionOf(ctx, token)
		if err != nil {
			return err
		}
		return handle(w, r, s)
	}
}

// asVisitor lets people in that are signed in, and sends others to the page where they can.
func (g *Gateway) asVisitor(handle userFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := g.visitor(r)
		if err != nil {
			return err
		}
		if s == nil {
			next := "/"
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				next = r.URL.RequestURI()
			}
			http.Redirect(w, r, "/login?next="+url.QueryEscape(next), http.StatusSeeOther)
			return nil
		}
		return handle(w, r, s)
	}
}

// visitor is who is signed in on the pages; nil for a guest.
func (g *Gateway) visitor(r *http.Request) (*session, error) {
	token := g.cookie(r)
	if token == "" {
		return nil, nil //nolint:nilnil // a guest is no error
	}
	s, err := g.sessionOf(r.Context(), token)
	if p, ok := errors.AsType[*problem](err); ok && p.Status == http.StatusUnauthorized {
		return nil, nil //nolint:nilnil // somebody whose session has ended is a guest
	}
	return s, err
}

// sessionOf asks whose token it is, and counts the request as that user's.
func (g *Gateway) sessionOf(ctx context.Context, token string) (*session, error) {
	switch {
	case token == "":
		return nil, errNoToken
	case len(token) > maxToken:
		return nil, errBadToken
	}
	who, err := g.config.Identity.LookupSession(ctx, identity.LookupSession{Token: token})
	switch {
	case errors.Is(err, identity.ErrNoSession):
		return nil, errBadToken
	case err != nil:
		return nil, err
	case who.UserID == "": // services take "" for everybody
		return nil, errors.New("identity: session of nobody")
	}
	if err := g.requests.take("user " + who.UserID); err != nil {
		return nil, err
	}
	return &session{Principal: who, token: token}, nil
}

// bearer is the token of the header Authorization; empty if there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// cookieName is the session cookie's name. With HTTPS it has the prefix with which browsers make sure that no other host has set it.
func (g *Gateway) cookieName() string {
	if g.config.Secure {
		return "__Host-shop_session"
	}
	return "shop_session"
}

func (g *Gateway) cookie(r *http.Request) string {
	c, err := r.Cookie(g.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie keeps a session's token in the browser, where no script can read it, until it expires.
func (g *Gateway) setCookie(w http.ResponseWriter, token string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(), Value: token, Path: "/", Expires: expires,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: g.config.Secure,
	})
}

func (g *Gateway) dropCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(), Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: g.config.Secure,
	})
}
