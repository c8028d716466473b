package gateway

import (
	"embed"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/headrace/headrace/apps/shop/money"
	orders "github.com/headrace/headrace/apps/shop/orders/contract"
)

//go:embed templates
var templateFiles embed.FS

// parseTemplates reads the pages, each with the layout around it. It panics when one cannot be read: they are part of the program.
func parseTemplates(a *assets) map[string]*template.Template {
	functions := template.FuncMap{
		"asset": a.address, "price": price, "times": times, "day": day, "moment": moment, "short": short,
		"statusText": statusText, "reasonText": reasonText, "eventText": eventText, "serviceOf": serviceOf, "stamp": stamp, "sentence": sentence,
	}
	layout := template.Must(template.New("layout").Funcs(functions).ParseFS(templateFiles, "templates/layout.html"))
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	pages := map[string]*template.Template{}
	for _, e := range entries {
		if e.Name() != "layout.html" {
			pages[e.Name()] = template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+e.Name()))
		}
	}
	return pages
}

// price is an amount as the shop writes it: "€12.50", or "12.50 CHF" for a currency without a sign here.
func price(m money.Money) string {
	signs := map[string]string{"EUR": "€", "USD": "$", "GBP": "£"}
	amount, currency, _ := strings.Cut(m.String(), " ")
	sign, known := signs[currency]
	if !known {
		return m.String()
	}
	if rest, negative := strings.CutPrefix(amount, "-"); negative {
		return "−" + sign + rest
	}
	return sign + amount
}

// times is what a number of pieces costs together.
func times(m money.Money, qty int64) (money.Money, error) { return m.Times(qty) }

func day(t time.Time) string    { return t.UTC().Format("2 January 2006") }
func moment(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }
func stamp(t time.Time) string  { return t.UTC().Format(time.RFC3339Nano) }

// short is the end of an id: the part that differs between things of the same hour.
func short(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[len(id)-8:]
}

func statusText(s orders.Status) string {
	switch s {
	case orders.StatusPlaced:
		return "Placed"
	case orders.StatusConfirmed:
		return "Confirmed"
	case orders.StatusShipped:
		return "Shipped"
	case orders.StatusFulfilled:
		return "Delivered"
	case orders.StatusCancelled:
		return "Cancelled"
	case orders.StatusNeedsAttention:
		return "Needs attention"
	}
	return inWords(string(s))
}

// reasonText is why an order was cancelled or waits, within a sentence.
func reasonText(reason string) string { return strings.ReplaceAll(reason, "_", " ") }

// eventText is an event's name for people: "order.placed" is "Order placed"; what an order's saga asks of others is written as a request.
func eventText(topic, typ string) string {
	if topic == orders.Fulfilment.Name {
		_, request, _ := strings.Cut(typ, ".")
		return inWords(request)
	}
	return inWords(typ)
}

// serviceOf is the service that published an event: topics are named after their owners.
func serviceOf(source, topic string) string {
	if source != "" {
		return source
	}
	owner, _, _ := strings.Cut(topic, ".")
	return owner
}

// inWords makes words of a name such as "out_of_stock".
func inWords(name string) string {
	return capital(strings.NewReplacer("_", " ", ".", " ").Replace(name))
}

// sentence makes a problem's detail one.
func sentence(detail string) string { return capital(strings.TrimSuffix(detail, ".")) + "." }

func capital(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + words[size:]
}
