package redis

import "testing"

func TestDumpIsReadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields []string
		want   string
	}{
		{nil, `{}`},
		{[]string{"some", "thing"}, `{"some":"thing"}`},
		{[]string{"b", "1", "a", "2", "b", "3"}, `{"b":"1","a":"2","b":"3"}`},
		{[]string{`"`, "\n"}, `{"\"":"\n"}`},
		{[]string{"raw", "\xff\x00"}, `{"raw":{"base64":"/wA="}}`},
		{[]string{"\xff", ""}, "{\"\uFFFD\":\"\"}"},
	} {
		var fields [][]byte
		for _, f := range c.fields {
			fields = append(fields, []byte(f))
		}
		if got := string(dump(fields)); got != c.want {
			t.Errorf("dump of %q is %s: want %s", c.fields, got, c.want)
		}
	}
}
