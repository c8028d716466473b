package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	"github.com/headrace/headrace/apps/shop/invalid"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	"github.com/headrace/headrace/apps/shop/money"
	notifications "github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
	"github.com/headrace/headrace/driver"
	"github.com/headrace/headrace/memory"
)

// epoch is when all tests happen that do not run in a bubble.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shop is all services in one: just enough of each for the gateway to have something to ask.
type shop struct {
	live *memory.Live

	mu       sync.Mutex
	now      time.Time
	users    map[string]identity.Profile // by token
	password map[string]string           // by email
	products []inventory.Product
	carts    map[string][]orders.Item
	placed   map[string]placedOrder // by user and key
	orders   map[string]orders.Order
	events   map[string][]archive.Event // by correlation id
	mails    []notifications.Mail
	fail     map[string]error // by method
	calls    map[string]int   // by method
	hang     map[string]bool  // methods that answer only when their time is over
	during   func(method string)
}

type placedOrder struct {
	id      string
	request string
}

// newShop has a buyer (token "ann"), another one ("bob") and an admin ("root"), and three products.
func newShop() *shop {
	s := &shop{
		live: memory.NewLive(), now: epoch, users: map[string]identity.Profile{}, password: map[string]string{}, carts: map[string][]orders.Item{},
		placed: map[string]placedOrder{}, orders: map[string]orders.Order{}, events: map[string][]archive.Event{},
		fail: map[string]error{}, calls: map[string]int{},
		products: []inventory.Product{
			{SKU: "bowl", Name: "Bowl", Description: "Round.", Price: money.EUR(1250), Available: 100},
			{SKU: "cup", Name: "Cup <b>", Description: "Small.", Price: money.EUR(800), Available: 1},
			{SKU: "jug", Name: "Jug", Description: "Tall.", Price: money.EUR(3000), Available: 0},
		},
	}
	for _, name := range []string{"ann", "bob", "root"} {
		s.users[name] = identity.Profile{
			UserID: "user-" + name, Email: name + "@shop.test", DisplayName: name, Role: identity.RoleCustomer, CreatedAt: epoch,
		}
		s.password[name+"@shop.test"] = name
	}
	admin := s.users["root"]
	admin.Role = identity.RoleAdmin
	s.users["root"] = admin
	return s
}

// newGateway is a gateway on the shop; change may alter its Config.
func newGateway(t *testing.T, s *shop, change ...func(*Config)) *Gateway {
	t.Helper()
	c := Config{
		Identity: s, Orders: s, Inventory: s, Archive: s, Notifications: s, Live: s.live,
		Clock: driver.Clock(s.clock), Logger: quiet(t),
	}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// enter counts a call and returns what was prepared for it.
func (s *shop) enter(ctx context.Context, method string) error {
	s.mu.Lock()
	s.calls[method]++
	err, during, hang := s.fail[method], s.during, s.hang[method]
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
	}
	if during != nil {
		during(method)
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

func (s *shop) called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *shop) Register(ctx context.Context, q identity.Register) (identity.RegisteredUser, error) {
	if err := s.enter(ctx, "Register"); err != nil {
		return identity.RegisteredUser{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.password[q.Email] != "":
		return identity.RegisteredUser{}, fmt.Errorf("register: %w", identity.ErrEmailTaken)
	case len(q.Password) < 8:
		return identity.RegisteredUser{}, invalid.Field("password", "must have 8 to 200 characters")
	}
	token := "token-" + q.Email
	s.password[q.Email] = token
	s.users[token] = identity.Profile{
		UserID: "user-" + q.Email, Email: q.Email, DisplayName: q.DisplayName, Role: identity.RoleCustomer, CreatedAt: s.now,
	}
	return identity.RegisteredUser{UserID: "user-" + q.Email}, nil
}

// Login takes the email address's name as password.
func (s *shop) Login(ctx context.Context, q identity.Login) (identity.Session, error) {
	if err := s.enter(ctx, "Login"); err != nil {
		return identity.Session{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.password[q.Email]
	if token == "" || q.Password == "wrong" {
		return identity.Session{}, fmt.Errorf("login: %w", identity.ErrCredentials)
	}
	return identity.Session{Token: token, UserID: s.users[token].UserID, ExpiresAt: s.now.Add(time.Hour)}, nil
}

func (s *shop) Logout(ctx context.Context, q identity.Logout) error {
	if err := s.enter(ctx, "Logout"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, q.Token)
	return nil
}

func (s *shop) LookupSession(ctx context.Context, q identity.LookupSession) (identity.Principal, error) {
	if err := s.enter(ctx, "LookupSession"); err != nil {
		return identity.Principal{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.users[q.Token]
	if !ok {
		return identity.Principal{}, fmt.Errorf("look up: %w", identity.ErrNoSession)
	}
	return identity.Principal{UserID: p.UserID, DisplayName: p.DisplayName, Role: p.Role, ExpiresAt: s.now.Add(time.Hour)}, nil
}

func (s *shop) GetProfile(ctx context.Context, q identity.GetProfile) (identity.Profile, error) {
	if err := s.enter(ctx, "GetProfile"); err != nil {
		return identity.Profile{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.users {
		if p.UserID == q.UserID {
			return p, nil
		}
	}
	return identity.Profile{}, identity.ErrNotFound
}

func (s *shop) UpdateProfile(ctx context.Context, q identity.UpdateProfile) (identity.Profile, error) {
	if err := s.enter(ctx, "UpdateProfile"); err != nil {
		return identity.Profile{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, p := range s.users {
		if p.UserID == q.UserID {
			p.DisplayName = q.DisplayName
			s.users[token] = p
			return p, nil
		}
	}
	return identity.Profile{}, identity.ErrNotFound
}

func (s *shop) ListProducts(ctx context.Context, q inventory.ListProducts) (inventory.ProductPage, error) {
	if err := s.enter(ctx, "ListProducts"); err != nil {
		return inventory.ProductPage{}, err
	}
	var page inventory.ProductPage
	for _, p := range s.products {
		if p.SKU <= q.After {
			continue
		}
		if q.Limit > 0 && len(page.Products) == q.Limit {
			page.Next = page.Products[q.Limit-1].SKU
			break
		}
		page.Products = append(page.Products, p)
	}
	return page, nil
}

func (s *shop) GetProduct(ctx context.Context, q inventory.GetProduct) (inventory.Product, error) {
	if err := s.enter(ctx, "GetProduct"); err != nil {
		return inventory.Product{}, err
	}
	i := slices.IndexFunc(s.products, func(p inventory.Product) bool { return p.SKU == q.SKU })
	if i < 0 {
		return inventory.Product{}, fmt.Errorf("get product: %w", inventory.ErrNotFound)
	}
	return s.products[i], nil
}

func (s *shop) AdjustStock(ctx context.Context, q inventory.AdjustStock) (inventory.Stock, error) {
	return inventory.Stock{SKU: q.SKU, OnHand: q.Delta}, s.enter(ctx, "AdjustStock")
}

func (s *shop) ChangePrice(ctx context.Context, q inventory.ChangePrice) (inventory.Product, error) {
	return inventory.Product{SKU: q.SKU, Price: q.Price}, s.enter(ctx, "ChangePrice")
}

func (s *shop) Timeline(ctx context.Context, q archive.Timeline) (archive.Events, error) {
	if err := s.enter(ctx, "Timeline"); err != nil {
		return archive.Events{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return archive.Events{Events: slices.Clone(s.events[q.CorrelationID])}, nil
}

func (s *shop) ListMails(ctx context.Context, q notifications.ListMails) (notifications.MailList, error) {
	if err := s.enter(ctx, "ListMails"); err != nil {
		return notifications.MailList{}, err
	}
	var list notifications.MailList
	for _, m := range s.mails {
		if q.UserID == "" || q.UserID == m.UserID {
			list.Mails = append(list.Mails, m)
		}
	}
	return list, nil
}

func requestOf(q orders.PlaceOrder) string {
	text, err := json.Marshal([]any{q.Lines, q.PaymentToken})
	if err != nil {
		panic(err)
	}
	return string(text)
}
