// Package picture draws products: what a SKU's first word names, if there is a figure of it, and otherwise a small composition of a few
// shapes. The same SKU always gives the same drawing. All of it is SVG, in quiet colours that the SKU chooses.
package picture

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// Size of a picture in its own units; it scales to any other of the same proportions.
const (
	Width  = 400
	Height = 300
)

// figures are drawn by hand, with the palette's names in place of colours.
//
//go:embed figures
var figures embed.FS

// palette is a ground and three colours that go with it and with each other.
type palette struct{ ground, dark, middle, light string }

func palettes() []palette {
	return []palette{
		{"#e9e3d5", "#2f4b4a", "#c8743f", "#8fae9c"},
		{"#dfe6e4", "#27455c", "#d9a441", "#7fa3b5"},
		{"#f0e1d6", "#6b3a34", "#d08159", "#a9b08b"},
		{"#e3e6da", "#3c5233", "#c9b458", "#93b07c"},
		{"#e6e0ea", "#463b5e", "#c77f8e", "#9c92c0"},
		{"#efe6cf", "#5b4a24", "#b9562f", "#d8b160"},
		{"#dce7ea", "#1f4f57", "#e08e6d", "#79b3b2"},
		{"#ece4e0", "#4a3f3a", "#7f9a8b", "#c99f8a"},
	}
}

// drawing is one picture while it is drawn.
type drawing struct {
	bytes.Buffer
	palette
	chance *rand.Rand
}

// SVG draws the product with this SKU. It can be called concurrently.
func SVG(sku string) []byte {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(sku)) // a hash takes everything
	seed := hash.Sum64()
	choices, chance := palettes(), rand.New(rand.NewPCG(seed, seed>>32)) // the same every time is the point
	d := &drawing{palette: choices[chance.IntN(len(choices))], chance: chance}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">`, Width, Height, Width, Height)
	d.add(`<rect width="%d" height="%d" fill="%s"/>`, Width, Height, d.ground)
	if !d.figure(sku) {
		motifs := []func(){d.vessels, d.hills, d.tiles, d.arcs, d.leaves}
		motifs[chance.IntN(len(motifs))]()
	}
	d.WriteString("</svg>\n")
	return d.Bytes()
}

// figure draws what the first word of the SKU names, and reports whether there is a figure of it.
func (d *drawing) figure(sku string) bool {
	word, _, _ := strings.Cut(strings.ToLower(sku), "-")
	text, err := figures.ReadFile("figures/" + word + ".svg")
	if err != nil {
		return false
	}
	d.circle(d.between(120, 280), d.between(90, 140), d.between(96, 124), "#ffffff55")
	d.add(`<path fill="%s" opacity=".16" d="M0 236 H%d V%d H0 Z"/>`, d.dark, Width, Height)
	names := strings.NewReplacer("{ground}", d.ground, "{dark}", d.dark, "{middle}", d.middle, "{light}", d.light)
	d.WriteString(names.Replace(string(text)))
	return true
}

// between is a number from low up to, not including, high.
func (d *drawing) between(low, high int) int { return low + d.chance.IntN(high-low) }

func (d *drawing) colour() string {
	return []string{d.dark, d.middle, d.light}[d.chance.IntN(3)]
}

func (d *drawing) add(format string, args ...any) { d.WriteString(fmt.Sprintf(format, args...)) }

func (d *drawing) circle(x, y, r int, fill string) {
	d.add(`<circle cx="%d" cy="%d" r="%d" fill="%s"/>`, x, y, r, fill)
}

func (d *drawing) path(fill, format string, args ...any) {
	d.add(`<path fill="%s" d="%s"/>`, fill, fmt.Sprintf(format, args...))
}
