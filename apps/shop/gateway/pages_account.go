package gateway

import (
	"net/http"

	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	notifications "github.com/headrace/headrace/apps/shop/notifications/contract"
)

// accountData is what the forms to register and to sign in show again. The password never is.
type accountData struct {
	DisplayName, Email string
	Next               string // the page to go to afterwards
}

func (g *Gateway) registerPage(w http.ResponseWriter, r *http.Request) error {
	return g.accountForm(w, r, "register.html", "Create an account")
}

func (g *Gateway) loginPage(w http.ResponseWriter, r *http.Request) error {
	return g.accountForm(w, r, "login.html", "Sign in")
}

func (g *Gateway) accountForm(w http.ResponseWriter, r *http.Request, name, title string) error {
	visitor, err := g.visitor(r)
	if err != nil {
		return err
	}
	next := localPath(r.URL.Query().Get("next"))
	if visitor != nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return g.showTo(w, r, nil, name, page{Title: title, Data: accountData{Next: next}})
}

func (g *Gateway) registerFromPage(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	data := accountData{DisplayName: form.Get("display_name"), Email: form.Get("email"), Next: localPath(form.Get("next"))}
	err = g.logins.take(address(r))
	if err == nil {
		q := identity.Register{Email: data.Email, Password: form.Get("password"), DisplayName: data.DisplayName}
		_, err = g.config.Identity.Register(r.Context(), q)
	}
	if err == nil {
		err = g.signIn(w, r, data.Email, form.Get("password"))
	}
	return g.afterForm(w, r, "register.html", "Create an account", data, err)
}

func (g *Gateway) loginFromPage(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	data := accountData{Email: form.Get("email"), Next: localPath(form.Get("next"))}
	if err = g.logins.take(address(r)); err == nil {
		err = g.signIn(w, r, data.Email, form.Get("password"))
	}
	return g.afterForm(w, r, "login.html", "Sign in", data, err)
}

// afterForm goes on to the next page, or shows the form again with what was wrong.
func (g *Gateway) afterForm(w http.ResponseWriter, r *http.Request, name, title string, data accountData, err error) error {
	if err == nil {
		http.Redirect(w, r, data.Next, http.StatusSeeOther)
		return nil
	}
	if fault := faultIn(err); fault != nil {
		return g.showTo(w, r, nil, name, page{Title: title, Fault: fault, Data: data})
	}
	return err
}

func (g *Gateway) signIn(w http.ResponseWriter, r *http.Request, email, password string) error {
	s, err := g.config.Identity.Login(r.Context(), identity.Login{Email: email, Password: password})
	if err != nil {
		return err
	}
	if err := g.adopt(w, r, s.UserID); err != nil {
		g.log.WarnContext(r.Context(), "guest's cart not taken over", "error", err) // signing in is worth more than a cart
	}
	g.setCookie(w, s.Token, s.ExpiresAt)
	return nil
}

func (g *Gateway) logoutFromPage(w http.ResponseWriter, r *http.Request) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	if token := g.cookie(r); token != "" {
		if err := g.config.Identity.Logout(r.Context(), identity.Logout{Token: token}); err != nil {
			return err
		}
	}
	g.dropCookie(w)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

func (g *Gateway) profilePage(w http.ResponseWriter, r *http.Request, s *session) error {
	profile, err := g.config.Identity.GetProfile(r.Context(), identity.GetProfile{UserID: s.UserID})
	if err != nil {
		return err
	}
	p := page{Title: "Your profile", Data: profile}
	if r.URL.Query().Has("saved") {
		p.Notice = "Saved."
	}
	return g.showTo(w, r, s, "profile.html", p)
}

func (g *Gateway) changeProfile(w http.ResponseWriter, r *http.Request, s *session) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	_, err = g.config.Identity.UpdateProfile(r.Context(), identity.UpdateProfile{UserID: s.UserID, DisplayName: form.Get("display_name")})
	if err == nil {
		http.Redirect(w, r, "/profile?saved", http.StatusSeeOther)
		return nil
	}
	fault := faultIn(err)
	if fault == nil {
		return err
	}
	profile, err := g.config.Identity.GetProfile(r.Context(), identity.GetProfile{UserID: s.UserID})
	if err != nil {
		return err
	}
	profile.DisplayName = form.Get("display_name")
	return g.showTo(w, r, s, "profile.html", page{Title: "Your profile", Fault: fault, Data: profile})
}

// mailsPage shows what the shop has written: to its reader, and to an admin or in development all of it.
func (g *Gateway) mailsPage(w http.ResponseWriter, r *http.Request, s *session) error {
	q := notifications.ListMails{UserID: s.owner()}
	if g.config.AllMails {
		q.UserID = ""
	}
	list, err := g.config.Notifications.ListMails(r.Context(), q)
	if err != nil {
		return err
	}
	return g.showTo(w, r, s, "mails.html", page{Title: "Mails", Data: list})
}
