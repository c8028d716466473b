package gateway

import (
	"context"

	archive "github.com/headrace/headrace/apps/shop/archive/contract"
	identity "github.com/headrace/headrace/apps/shop/identity/contract"
	inventory "github.com/headrace/headrace/apps/shop/inventory/contract"
	notifications "github.com/headrace/headrace/apps/shop/notifications/contract"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

// Identity is what the gateway asks of the service identity. The errors of all five interfaces are those of the contract packages.
type Identity interface {
	Register(ctx context.Context, q identity.Register) (identity.RegisteredUser, error)
	Login(ctx context.Context, q identity.Login) (identity.Session, error)
	Logout(ctx context.Context, q identity.Logout) error
	LookupSession(ctx context.Context, q identity.LookupSession) (identity.Principal, error)
	GetProfile(ctx context.Context, q identity.GetProfile) (identity.Profile, error)
	UpdateProfile(ctx context.Context, q identity.UpdateProfile) (identity.Profile, error)
}

// Orders is what the gateway asks of the service orders.
type Orders interface {
	PlaceOrder(ctx context.Context, q orders.PlaceOrder) (orders.PlacedOrder, error)
	GetOrder(ctx context.Context, q orders.GetOrder) (orders.Order, error)
	ListOrders(ctx context.Context, q orders.ListOrders) (orders.OrderPage, error)
	CancelOrder(ctx context.Context, q orders.CancelOrder) (orders.CancellingOrder, error)
	GetCart(ctx context.Context, q orders.GetCart) (orders.Cart, error)
	PutCart(ctx context.Context, q orders.PutCart) (orders.Cart, error)
	ClearCart(ctx context.Context, q orders.ClearCart) error
}

// Inventory is what the gateway asks of the service inventory.
type Inventory interface {
	ListProducts(ctx context.Context, q inventory.ListProducts) (inventory.ProductPage, error)
	GetProduct(ctx context.Context, q inventory.GetProduct) (inventory.Product, error)
	AdjustStock(ctx context.Context, q inventory.AdjustStock) (inventory.Stock, error)
	ChangePrice(ctx context.Context, q inventory.ChangePrice) (inventory.Product, error)
}

// Archive is what the gateway asks of the archive of all events.
type Archive interface {
	Timeline(ctx context.Context, q archive.Timeline) (archive.Events, error)
}

// Notifications is what the gateway asks of the service notifications.
type Notifications interface {
	ListMails(ctx context.Context, q notifications.ListMails) (notifications.MailList, error)
}
