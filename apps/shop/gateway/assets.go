package gateway

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/headrace/headrace/apps/shop/gateway/picture"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages are made of. Their addresses hold a mark of their content, so that browsers keep them for ever.
type assets struct{ files map[string]asset }

type asset struct {
	body []byte
	mark string
}

func newAssets() *assets {
	a := &assets{files: map[string]asset{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		hash := sha256.Sum256(body)
		a.files[e.Name()] = asset{body: body, mark: hex.EncodeToString(hash[:6])}
	}
	return a
}

// address is where pages find a file. It panics for a file that there is not: a mistake in a template.
func (a *assets) address(name string) string {
	file, ok := a.files[name]
	if !ok {
		panic("no static file " + name)
	}
	return "/static/" + name + "?v=" + file.mark
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	file, ok := a.files[name]
	if !ok {
		return refuse(http.StatusNotFound, "no_such_route", "there is no file %q", shorten(name, maxID))
	}
	serveFile(w, r, name, file, r.URL.Query().Get("v") == file.mark)
	return nil
}

// picture draws a product, from nothing but its SKU.
func (g *Gateway) picture(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	sku, isSVG := strings.CutSuffix(name, ".svg")
	if !isSVG || !validID(sku) {
		return refuse(http.StatusNotFound, "no_such_route", "there is no picture %q", shorten(name, maxID))
	}
	body := picture.SVG(sku)
	hash := sha256.Sum256(body)
	serveFile(w, r, name, asset{body: body, mark: hex.EncodeToString(hash[:6])}, false)
	return nil
}

func serveFile(w http.ResponseWriter, r *http.Request, name string, file asset, forEver bool) {
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("ETag", fmt.Sprintf("%q", file.mark))
	h.Set("Cache-Control", "public, max-age=3600")
	if forEver {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
}
