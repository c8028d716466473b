package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestEveryPictureIsSVG(t *testing.T) {
	t.Parallel()
	skus := []string{"", "-", "../secret", "KETTLE-large"}
	for i := range 100 {
		skus = append(skus, fmt.Sprintf("thing-%d", i))
	}
	entries, err := figures.ReadDir("figures")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		skus = append(skus, strings.TrimSuffix(e.Name(), ".svg")+"-small")
	}
	for _, sku := range skus {
		drawn := SVG(sku)
		if bytes.ContainsAny(drawn, "{}%") {
			t.Errorf("%q: something is not filled in:\n%s", sku, drawn)
		}
		if err := parse(drawn); err != nil {
			t.Errorf("%q is no XML: %v\n%s", sku, err, drawn)
		}
	}
}

func parse(text []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestPicturesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 200 {
		sku := fmt.Sprintf("thing-%d", i)
		drawn := SVG(sku)
		if !bytes.Equal(drawn, SVG(sku)) {
			t.Errorf("%s does not look the same twice", sku)
		}
		seen[string(drawn)] = true
	}
	if len(seen) < 150 {
		t.Errorf("200 products have only %d pictures", len(seen))
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	const handle = "M138 132 Q128 48 202 46" // only a kettle has it
	for sku, want := range map[string]bool{"kettle-stove": true, "Kettle": true, "kettles": false, "kettle/../pan": false} {
		if got := bytes.Contains(SVG(sku), []byte(handle)); got != want {
			t.Errorf("%s: drawn as a kettle: %v, want %v", sku, got, want)
		}
	}
}
