package headrace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headrace/headrace"
	"github.com/headrace/headrace/driver"
)

func TestLiveSubject(t *testing.T) {
	t.Parallel()
	for want, c := range map[string][2]string{
		"event.orders.order-placed":           {"orders", "order.placed"},
		"event.orders-fulfilment.reserve_v-2": {"orders.fulfilment", "reserve_v-2"},
		"event.*.order-placed":                {"*", "order.placed"},
		"event.orders.*":                      {"orders", "*"},
		"event.a-b-c.d-e-f":                   {"a.b.c", "d.e.f"},
	} {
		if got := headrace.LiveSubject(c[0], c[1]); got != want {
			t.Errorf("subject of %s and %s is %s, want %s", c[0], c[1], got, want)
		}
	}
}

func TestDecodeLive(t *testing.T) {
	t.Parallel()
	const text = `{"id":"1","topic":"orders","type":"order.placed","version":2,"key":"k","time":"2026-03-01T12:00:00Z","correlation":"c",
		"source":"shop","partition":5,"position":"2-17","data":{"a":[1]}}`
	e, err := headrace.DecodeLive(driver.LiveMessage{Subject: "event.orders.order-placed", Data: []byte(text)})
	want := headrace.Metadata{
		ID: "1", Topic: "orders", Type: "order.placed", Version: 2, Key: "k", Partition: 5, Position: headrace.Position{Epoch: 2, Seq: 17},
		Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), CorrelationID: "c", Source: "shop",
	}
	if err != nil || e.Metadata != want || string(e.Data) != `{"a":[1]}` {
		t.Errorf("got %+v with %s, %v\nwant %+v", e.Metadata, e.Data, err, want)
	}
	for _, bad := range []string{"", "garbage", "{}", `{"position":"2"}`, `{"position":"x-1"}`, `{"version":"two"}`} {
		_, err := headrace.DecodeLive(driver.LiveMessage{Subject: "event.s", Data: []byte(bad)})
		if err == nil || !strings.Contains(err.Error(), "event.s") {
			t.Errorf("%q: %v, want an error that names the subject", bad, err)
		}
	}
}
