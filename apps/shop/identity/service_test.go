package identity

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/invalid"
	"github.com/headrace/headrace/apps/shop/storetest"
)

// newIdentity is the service on a database of its own, with a clock that stands still until it is moved.
func newIdentity(t *testing.T, d *storetest.Database) (*Identity, *atomic.Int64) {
	t.Helper()
	now := &atomic.Int64{}
	now.Store(1_800_000_000)
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	return New(d.Open(t, Schema), Settings{SessionFor: time.Hour, Clock: clock}), now
}

func ada() contract.Register {
	return contract.Register{Email: "Ada@Shop.Test", Password: "correct horse", DisplayName: "Ada"}
}

func testRegisterLoginLogout(t *testing.T, d *storetest.Database) {
	i, now := newIdentity(t, d)
	user, err := i.Register(t.Context(), ada())
	if err != nil {
		t.Fatal(err)
	}
	session, err := i.Login(t.Context(), contract.Login{Email: " ada@shop.test ", Password: "correct horse"})
	if err != nil || session.UserID != user.UserID {
		t.Fatalf("%+v, %v", session, err)
	}
	who, err := i.LookupSession(t.Context(), contract.LookupSession{Token: session.Token})
	if err != nil || who.UserID != user.UserID || who.Role != contract.RoleCustomer || !who.ExpiresAt.Equal(session.ExpiresAt) {
		t.Errorf("%+v, %v", who, err)
	}
	now.Add(3600)
	if _, err := i.LookupSession(t.Context(), contract.LookupSession{Token: session.Token}); !errors.Is(err, contract.ErrNoSession) {
		t.Errorf("an hour later: %v", err)
	}
	now.Add(-1)
	if err := i.Logout(t.Context(), contract.Logout{Token: session.Token}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.LookupSession(t.Context(), contract.LookupSession{Token: session.Token}); !errors.Is(err, contract.ErrNoSession) {
		t.Errorf("after logging out: %v", err)
	}
}

func testWrongCredentials(t *testing.T, d *storetest.Database) {
	i, _ := newIdentity(t, d)
	if _, err := i.Register(t.Context(), ada()); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]contract.Login{
		"wrong password": {Email: "ada@shop.test", Password: "correct horsf"},
		"no password":    {Email: "ada@shop.test"},
		"nobody":         {Email: "bob@shop.test", Password: "correct horse"},
		"endless":        {Email: "ada@shop.test", Password: strings.Repeat("x", 1000)},
	} {
		if _, err := i.Login(t.Context(), l); !errors.Is(err, contract.ErrCredentials) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func testOneAccountPerAddress(t *testing.T, d *storetest.Database) {
	i, _ := newIdentity(t, d)
	var opened, taken atomic.Int64
	var callers sync.WaitGroup
	for _, email := range []string{"ada@shop.test", "ADA@shop.test", " ada@SHOP.test", "Ada@Shop.Test"} {
		callers.Go(func() {
			r := ada()
			r.Email = email
			switch _, err := i.Register(t.Context(), r); {
			case err == nil:
				opened.Add(1)
			case errors.Is(err, contract.ErrEmailTaken):
				taken.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if opened.Load() != 1 || taken.Load() != 3 {
		t.Errorf("%d opened, %d taken", opened.Load(), taken.Load())
	}
}

func testInvalidRegistrations(t *testing.T, d *storetest.Database) {
	i, _ := newIdentity(t, d)
	for name, c := range map[string]struct {
		field string
		spoil func(*contract.Register)
	}{
		"no address":        {"email", func(r *contract.Register) { r.Email = "" }},
		"not an address":    {"email", func(r *contract.Register) { r.Email = "ada" }},
		"address with name": {"email", func(r *contract.Register) { r.Email = "Ada <ada@shop.test>" }},
		"endless address":   {"email", func(r *contract.Register) { r.Email = strings.Repeat("a", 250) + "@shop.test" }},
		"short password":    {"password", func(r *contract.Register) { r.Password = "1234567" }},
		"endless password":  {"password", func(r *contract.Register) { r.Password = strings.Repeat("x", 201) }},
		"no name":           {"display_name", func(r *contract.Register) { r.DisplayName = "  " }},
		"name of two lines": {"display_name", func(r *contract.Register) { r.DisplayName = "Ada\nBob" }},
		"endless name":      {"display_name", func(r *contract.Register) { r.DisplayName = strings.Repeat("ä", 101) }},
	} {
		r := ada()
		c.spoil(&r)
		_, err := i.Register(t.Context(), r)
		if e, ok := errors.AsType[*invalid.Error](err); !ok || e.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func testProfile(t *testing.T, d *storetest.Database) {
	i, _ := newIdentity(t, d)
	user, err := i.Register(t.Context(), ada())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p, err := i.UpdateProfile(t.Context(), contract.UpdateProfile{UserID: user.UserID, DisplayName: " Countess "})
		if err != nil || p.DisplayName != "Countess" || p.Email != "ada@shop.test" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if p, err := i.GetProfile(t.Context(), contract.GetProfile(user)); err != nil || p.DisplayName != "Countess" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := i.GetProfile(t.Context(), contract.GetProfile{UserID: "nobody"}); !errors.Is(err, contract.ErrNotFound) {
		t.Errorf("nobody's profile: %v", err)
	}
}

func testSeedTwice(t *testing.T, d *storetest.Database) {
	i, _ := newIdentity(t, d)
	for range 2 {
		if err := i.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for email, want := range map[string][2]string{
		DemoEmail: {DemoPassword, contract.RoleCustomer}, AdminEmail: {AdminPassword, contract.RoleAdmin},
	} {
		s, err := i.Login(t.Context(), contract.Login{Email: email, Password: want[0]})
		if err != nil {
			t.Fatal(err)
		}
		if who, err := i.LookupSession(t.Context(), contract.LookupSession{Token: s.Token}); err != nil || who.Role != want[1] {
			t.Errorf("%s: %+v, %v", email, who, err)
		}
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	token, hash := newToken()
	if token == hash || strings.Contains(hash, token) || hash != hashToken(token) {
		t.Errorf("token %s is kept as %s", token, hash)
	}
	h := newHasher(1)
	first, err := h.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.hash(t.Context(), "correct horse")
	if err != nil || first == second || strings.Contains(first, "horse") {
		t.Errorf("%s and %s, %v", first, second, err)
	}
	if _, err := h.matches(t.Context(), "correct horse", "plain text"); err == nil {
		t.Error("a hash that is none was accepted")
	}
}
