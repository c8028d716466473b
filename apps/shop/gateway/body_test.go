package gateway

import (
	"strings"
	"testing"
)

func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).as("ann")
	for name, test := range map[string]struct {
		body, code, field string
		status            int
	}{
		"empty":           {"", "empty_body", "", 400},
		"blank":           {" \n", "empty_body", "", 400},
		"no JSON":         {"{lines}", "invalid_json", "", 400},
		"cut":             {`{"lines":[`, "invalid_json", "", 400},
		"two values":      {`{} {}`, "invalid_json", "", 400},
		"rest":            {`{}]`, "invalid_json", "", 400},
		"not UTF-8":       {"{\"payment_token\":\"\xff\"}", "invalid_json", "", 400},
		"NUL":             {`{"lines":[{"sku":"bo\u0000wl","qty":1}]}`, "invalid_text", "", 400},
		"unknown":         {`{"lines":[],"colour":1}`, "unknown_field", "colour", 400},
		"unknown inside":  {`{"lines":[{"sku":"bowl","qty":1,"price":0}]}`, "unknown_field", "price", 400},
		"capitals":        {`{"Lines":[]}`, "unknown_field", "Lines", 400},
		"twice":           {`{"lines":[],"lines":[]}`, "repeated_field", "lines", 400},
		"array":           {`[]`, "wrong_type", "", 400},
		"text":            {`"x"`, "wrong_type", "", 400},
		"text for list":   {`{"lines":"x"}`, "wrong_type", "lines", 400},
		"fraction":        {`{"lines":[{"sku":"bowl","qty":1.5}]}`, "wrong_type", "lines.qty", 400},
		"huge number":     {`{"lines":[{"sku":"bowl","qty":99999999999999999999}]}`, "wrong_type", "lines.qty", 400},
		"deep":            {strings.Repeat("[", 9) + strings.Repeat("]", 9), "too_deep", "", 400},
		"very deep":       {strings.Repeat("[", 30000), "too_deep", "", 400},
		"large":           {`{"payment_token":"` + strings.Repeat("4", maxBody) + `"}`, "body_too_large", "", 413},
		"null":            {`null`, "invalid_field", "lines", 422},
		"no line":         {`{"lines":[],"payment_token":"4242"}`, "invalid_field", "lines", 422},
		"quantity 0":      {`{"lines":[{"sku":"bowl","qty":0}],"payment_token":"4242"}`, "invalid_field", "lines[0].qty", 422},
		"quantity 100":    {`{"lines":[{"sku":"bowl","qty":1},{"sku":"cup","qty":100}],"payment_token":"4242"}`, "invalid_field", "lines[1].qty", 422},
		"unknown product": {`{"lines":[{"sku":"boat","qty":1}],"payment_token":"4242"}`, "invalid_field", "lines[0].sku", 422},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, c.handler).as("ann")
			c.json("POST", "/api/v1/orders", test.body)
			p := c.wantProblem(test.status, test.code)
			if p.Field != test.field {
				t.Errorf("field is %q, want %q (%s)", p.Field, test.field, p.Detail)
			}
		})
	}
}

// TestOnlyTextGoesFurther: databases differ in what they take for text, and the shop's answers must not.
func TestOnlyTextGoesFurther(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).as("ann")
	for _, path := range []string{
		"/api/v1/products?after=%00", "/api/v1/orders?after=%ff", "/api/v1/products?%00=1",
	} {
		c.send("GET", path, "", "")
		c.wantProblem(400, "invalid_text")
	}
	if page := c.send("POST", "/login", "application/x-www-form-urlencoded", "email=a%00b&password=x"); page.Code != 400 {
		t.Errorf("a form with NUL: %d", page.Code)
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).as("ann")
	const body = `{"lines":[{"sku":"bowl","qty":1}],"payment_token":"4242"}`
	for _, bad := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"} {
		c.send("POST", "/api/v1/orders", bad, body)
		c.wantProblem(415, "unsupported_media_type")
	}
	for _, good := range []string{"application/json", "Application/JSON", "application/json; charset=UTF-8"} {
		c.send("POST", "/api/v1/orders", good, body)
		c.want(202)
	}
	c.json("POST", "/login", body)
	c.want(415)
}

func TestLargestBodyIsRead(t *testing.T) {
	t.Parallel()
	c := newClient(t, newGateway(t, newShop())).as("ann")
	const head, foot = `{"lines":[{"sku":"bowl","qty":1}],"payment_token":"`, `"}`
	c.json("POST", "/api/v1/orders", head+strings.Repeat("4", maxBody-len(head)-len(foot))+foot)
	c.want(202)
}
