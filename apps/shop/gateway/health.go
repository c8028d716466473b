package gateway

import (
	_ "embed" // for openapi.json
	"net/http"
	"time"
)

//go:embed openapi.json
var openAPIDocument []byte

type healthAnswer struct {
	Status string `json:"status"`
}

// health says that the process answers.
func (g *Gateway) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "ok"})
}

// ready says that orders can be placed.
func (g *Gateway) ready(w http.ResponseWriter, _ *http.Request) error {
	if g.config.Ready != nil && !g.config.Ready() {
		return refuse(http.StatusServiceUnavailable, "not_ready", "the shop is starting, or stopping: no orders can be placed at this moment").
			retry(time.Second)
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "ready"})
}

func (g *Gateway) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=60")
	_, _ = w.Write(openAPIDocument) // a client that has gone away cannot be told
	return nil
}
