package gateway

import (
	"net/http"
	"time"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
)

type registerRequest struct {
	Email       string `json:"email"`
	Password    string `json:"password"`
	DisplayName string `json:"display_name"`
}

type loginRequest struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type loginAnswer struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

type profileRequest struct {
	DisplayName string `json:"display_name"`
}

func (g *Gateway) register(w http.ResponseWriter, r *http.Request) error {
	if err := g.logins.take(address(r)); err != nil {
		return err
	}
	q, err := readJSON[registerRequest](w, r)
	if err != nil {
		return err
	}
	user, err := g.config.Identity.Register(r.Context(), identity.Register{Email: q.Email, Password: q.Password, DisplayName: q.DisplayName})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, user)
}

func (g *Gateway) login(w http.ResponseWriter, r *http.Request) error {
	if err := g.logins.take(address(r)); err != nil {
		return err
	}
	q, err := readJSON[loginRequest](w, r)
	if err != nil {
		return err
	}
	s, err := g.config.Identity.Login(r.Context(), identity.Login{Email: q.Email, Password: q.Password})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, loginAnswer{Token: s.Token, ExpiresAt: s.ExpiresAt})
}

// logout ends the session of the token that is shown. A session that has ended already is no error, so a repeated logout is none.
func (g *Gateway) logout(w http.ResponseWriter, r *http.Request) error {
	token := bearer(r)
	if token == "" {
		return errNoToken
	}
	if err := g.config.Identity.Logout(r.Context(), identity.Logout{Token: token}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (g *Gateway) getProfile(w http.ResponseWriter, r *http.Request, s *session) error {
	profile, err := g.config.Identity.GetProfile(r.Context(), identity.GetProfile{UserID: s.UserID})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, profile)
}

func (g *Gateway) updateProfile(w http.ResponseWriter, r *http.Request, s *session) error {
	q, err := readJSON[profileRequest](w, r)
	if err != nil {
		return err
	}
	profile, err := g.config.Identity.UpdateProfile(r.Context(), identity.UpdateProfile{UserID: s.UserID, DisplayName: q.DisplayName})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, profile)
}
