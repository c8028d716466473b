package gateway

import (
	"cmp"
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/headrace/headrace/driver"
)

// Config is what a Gateway is made of. The five services are required; everything else is useful at zero.
type Config struct {
	Identity      Identity
	Orders        Orders
	Inventory     Inventory
	Archive       Archive
	Notifications Notifications

	// Live is where events are heard of as they happen. nil: timelines follow by reading, some seconds late.
	Live driver.Live
	// Ready says whether orders can be placed. nil: always.
	Ready func() bool
	// Clock tells the time. Default: the machine's clock.
	Clock driver.Clock
	// Logger is for what a person should know. Default: slog.Default.
	Logger *slog.Logger

	// Rate is how many requests a second one address, and one user, may make; twice as many at once. The address is that of the
	// connection, so behind a proxy it is the proxy's. Default 500.
	Rate int
	// LoginRate is how many attempts a second to register or log in one address may make; twice as many at once. Default 50.
	LoginRate int
	// Timeout is how long the services may take to answer one request. Default 10 s.
	Timeout time.Duration
	// Streams is how many live timelines may be open at once, and StreamsPerUser how many of them one user's. Defaults 1000 and 20.
	Streams, StreamsPerUser int
	// Secure says that browsers reach the shop by HTTPS only: cookies are marked Secure.
	Secure bool
	// AllMails shows everybody's mails on the page of mails to everybody who is signed in, for development. Otherwise people see their own,
	// and only admins all.
	AllMails bool
}

// Gateway answers the shop's HTTP requests. It is an [http.Handler], safe for concurrent use; [Gateway.Serve] also follows live and
// brings the timeouts of a server.
type Gateway struct {
	config    Config
	clock     driver.Clock
	log       *slog.Logger
	hub       *hub
	streams   *streamLimit
	requests  *limiter
	logins    *limiter
	assets    *assets
	templates map[string]*template.Template
	mux       *http.ServeMux
	handler   http.Handler
}

// New makes a Gateway.
func New(c Config) *Gateway {
	c.Rate = cmp.Or(c.Rate, 500)
	c.LoginRate = cmp.Or(c.LoginRate, 50)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.Streams = cmp.Or(c.Streams, 1000)
	c.StreamsPerUser = cmp.Or(c.StreamsPerUser, 20)
	g := &Gateway{
		config:   c,
		clock:    c.Clock,
		log:      cmp.Or(c.Logger, slog.Default()),
		hub:      newHub(c.Live),
		streams:  newStreamLimit(c.Streams, c.StreamsPerUser),
		requests: newLimiter(c.Rate, c.Clock),
		logins:   newLimiter(c.LoginRate, c.Clock),
		assets:   newAssets(),
	}
	g.templates = parseTemplates(g.assets)
	g.mux = http.NewServeMux()
	for _, route := range g.routes() {
		g.mux.Handle(route.pattern, g.serve(route))
	}
	g.handler = g.guard(http.HandlerFunc(g.dispatch))
	return g
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// Run follows live until ctx ends, and then ends all live timelines, which would otherwise keep a server from stopping. [Gateway.Serve]
// calls it; who mounts the Gateway in a server of their own calls it once.
func (g *Gateway) Run(ctx context.Context) {
	g.hub.run(ctx, g.log)
}
