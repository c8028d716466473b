package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// document is as much of openapi.json as the tests read.
type document struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas    map[string]schema
		Responses  map[string]response
		Parameters map[string]struct{ Name, In string }
	}
}

type operation struct {
	Responses   map[string]response
	Security    []map[string][]string
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
	Parameters []struct {
		Ref string `json:"$ref"`
	}
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema schema }
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Properties           map[string]schema
	Required             []string
	Items                *schema
	Enum                 []string
	AdditionalProperties *bool
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(openAPIDocument, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	var described, served []string
	for path, methods := range d.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range newGateway(t, newShop()).apiRoutes() {
		served = append(served, r.pattern)
	}
	slices.Sort(described)
	slices.Sort(served)
	for _, route := range served {
		if !slices.Contains(described, route) {
			t.Errorf("%s is served and not described", route)
		}
	}
	for _, route := range described {
		if !slices.Contains(served, route) {
			t.Errorf("%s is described and not served", route)
		}
	}
}

func TestDescriptionHoldsTogether(t *testing.T) {
	t.Parallel()
	d := readDocument(t)
	for path, methods := range d.Paths {
		for method, o := range methods {
			for status, r := range o.Responses {
				name, isRef := strings.CutPrefix(r.Ref, "#/components/responses/")
				if _, ok := d.Components.Responses[name]; isRef && !ok {
					t.Errorf("%s %s: %s: no response %q", method, path, status, name)
				}
			}
			var inPath []string
			for _, p := range o.Parameters {
				parameter, ok := d.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
				if !ok {
					t.Errorf("%s %s: no parameter %q", method, path, p.Ref)
				}
				if parameter.In == "path" {
					inPath = append(inPath, "{"+parameter.Name+"}")
				}
			}
			if strings.Count(path, "{") != len(inPath) || len(inPath) == 1 && !strings.Contains(path, inPath[0]) {
				t.Errorf("%s %s: parameters %v", method, path, inPath)
			}
		}
	}
	for name, s := range d.Components.Schemas {
		for _, field := range s.Required {
			if _, ok := s.Properties[field]; !ok {
				t.Errorf("schema %s requires %q, which it does not have", name, field)
			}
		}
	}
}

// Every answer of the API is as it is described, and nothing else.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	d, s := readDocument(t), newShop()
	order := s.place(t)
	s.tell(t, s.happen(order, "order.placed", ""))
	g := newGateway(t, s)
	for _, try := range []struct{ token, route, id, body string }{
		{"", "GET /healthz", "", ""},
		{"", "GET /readyz", "", ""},
		{"", "POST /api/v1/auth/register", "", `{"email":"eve@shop.test","password":"long enough","display_name":"Eve"}`},
		{"", "POST /api/v1/auth/register", "", `{}`},
		{"", "POST /api/v1/auth/login", "", `{"email":"ann@shop.test","password":"right"}`},
		{"", "POST /api/v1/auth/login", "", `{"email":"ann@shop.test","password":"wrong"}`},
		{"bob", "POST /api/v1/auth/logout", "", ""},
		{"ann", "GET /api/v1/me", "", ""},
		{"ann", "PATCH /api/v1/me", "", `{"display_name":"Anne"}`},
		{"", "GET /api/v1/me", "", ""},
		{"", "GET /api/v1/products", "", ""},
		{"", "GET /api/v1/products/{sku}", "bowl", ""},
		{"", "GET /api/v1/products/{sku}", "boat", ""},
		{"ann", "PUT /api/v1/cart", "", `{"lines":[{"sku":"bowl","qty":1}]}`},
		{"ann", "PUT /api/v1/cart", "", `{"lines":[{"sku":"bowl","qty":0}]}`},
		{"ann", "PUT /api/v1/cart", "", `{"line":[]}`},
		{"ann", "GET /api/v1/cart", "", ""},
		{"ann", "DELETE /api/v1/cart", "", ""},
		{"ann", "POST /api/v1/orders", "", oneBowl},
		{"ann", "POST /api/v1/orders", "", strings.Repeat(" ", maxBody+1)},
		{"ann", "GET /api/v1/orders", "", ""},
		{"ann", "GET /api/v1/orders/{id}", order.OrderID, ""},
		{"root", "GET /api/v1/orders/{id}", "none", ""},
		{"ann", "GET /api/v1/orders/{id}/timeline", order.OrderID, ""},
		{"ann", "GET /api/v1/orders/{id}/events", "none", ""},
		{"ann", "POST /api/v1/orders/{id}/cancel", order.OrderID, `{"reason":"too dear"}`},
		{"root", "GET /api/v1/admin/orders", "", ""},
		{"ann", "GET /api/v1/admin/orders", "", ""},
		{"root", "POST /api/v1/admin/products/{sku}/stock", "bowl", `{"delta":1,"reason":"found"}`},
		{"root", "PUT /api/v1/admin/products/{sku}/price", "bowl", `{"amount":1,"currency":"EUR"}`},
	} {
		method, path, _ := strings.Cut(try.route, " ")
		c := newClient(t, g).as(try.token)
		c.json(method, strings.NewReplacer("{id}", try.id, "{sku}", try.id).Replace(path), try.body)
		o, ok := d.Paths[path][strings.ToLower(method)]
		if !ok {
			t.Errorf("%s is not described", try.route)
			continue
		}
		if err := d.checkAnswer(o, c.answer.Code, c.answer.Header().Get("Content-Type"), c.body()); err != nil {
			t.Errorf("%s: %v", try.route, err)
		}
	}
}

func (d document) checkAnswer(o operation, status int, mediaType, body string) error {
	r, ok := o.Responses[fmt.Sprint(status)]
	if !ok {
		return fmt.Errorf("answer %d is not described: %s", status, body)
	}
	if r.Ref != "" {
		r = d.Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")]
	}
	if len(r.Content) == 0 {
		if body != "" {
			return fmt.Errorf("answer %d has a body: %s", status, body)
		}
		return nil
	}
	content, ok := r.Content[mediaType]
	if !ok {
		return fmt.Errorf("answer %d is %s", status, mediaType)
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		return err
	}
	return d.check(content.Schema, value, "answer")
}

// check is as much of JSON Schema as openapi.json uses. An object must have all its required fields and no others.
func (d document) check(s schema, value any, at string) error {
	if s.Ref != "" {
		known, ok := d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if !ok {
			return fmt.Errorf("%s: no schema %s", at, s.Ref)
		}
		return d.check(known, value, at)
	}
	switch v := value.(type) {
	case map[string]any:
		return d.checkObject(s, v, at)
	case []any:
		if s.Type != "array" {
			return fmt.Errorf("%s is an array, not %s", at, s.Type)
		}
		for i, item := range v {
			if err := d.check(*s.Items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	case string:
		if s.Type != "string" || len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return fmt.Errorf("%s is %q, not %s %v", at, v, s.Type, s.Enum)
		}
		return nil
	case float64:
		if s.Type != "integer" || v != float64(int64(v)) {
			return fmt.Errorf("%s is %g, not %s", at, v, s.Type)
		}
		return nil
	case bool:
		if s.Type != "boolean" {
			return fmt.Errorf("%s is %v, not %s", at, v, s.Type)
		}
		return nil
	}
	return fmt.Errorf("%s is %v, not %s", at, value, s.Type)
}

func (d document) checkObject(s schema, value map[string]any, at string) error {
	if s.Type != "object" || s.AdditionalProperties == nil || *s.AdditionalProperties {
		return fmt.Errorf("%s is an object, not %s", at, s.Type)
	}
	for _, name := range s.Required {
		if _, ok := value[name]; !ok {
			return fmt.Errorf("%s lacks %s", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property, ok := s.Properties[name]
		if !ok {
			return fmt.Errorf("%s.%s is not described", at, name)
		}
		if err := d.check(property, value[name], at+"."+name); err != nil {
			return err
		}
	}
	return nil
}
