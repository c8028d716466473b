package payments

import "testing"

// TestRequests is every request in every state.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state state
		ask   action
		want  decision
	}{
		{unknown, authorize, decision{state: authorizing, call: authorize}},
		{authorizing, authorize, decision{state: authorizing}},
		{authorized, authorize, decision{state: authorized, tell: authorized}},
		{declined, authorize, decision{state: declined, tell: declined}},
		{capturing, authorize, decision{state: capturing}},
		{captured, authorize, decision{state: captured}},
		{captureFailed, authorize, decision{state: captureFailed}},
		{voiding, authorize, decision{state: voiding}},
		{voided, authorize, decision{state: voided}}, // the undo came first

		{unknown, capture, decision{refuse: "nothing is authorised"}},
		{authorizing, capture, decision{state: authorizing, refuse: "nothing is authorised"}},
		{authorized, capture, decision{state: capturing, call: capture}},
		{declined, capture, decision{state: declined, refuse: "nothing is authorised"}},
		{capturing, capture, decision{state: capturing}},
		{captured, capture, decision{state: captured, tell: captured}},
		{captureFailed, capture, decision{state: capturing, call: capture}},
		{voiding, capture, decision{state: voiding, refuse: "nothing is authorised"}},
		{voided, capture, decision{state: voided, refuse: "nothing is authorised"}},

		{unknown, void, decision{state: voided, tell: voided}},
		{authorizing, void, decision{state: voiding}},
		{authorized, void, decision{state: voiding, call: void}},
		{declined, void, decision{state: declined, tell: voided}},
		{capturing, void, decision{state: capturing, refuse: "the money is being taken, or was"}},
		{captured, void, decision{state: captured, refuse: "the money is being taken, or was"}},
		{captureFailed, void, decision{state: voiding, call: void}},
		{voiding, void, decision{state: voiding}},
		{voided, void, decision{state: voided, tell: voided}},
	} {
		if got := asked(c.state, c.ask); got != c.want {
			t.Errorf("%s while %q: %+v, want %+v", c.ask, c.state, got, c.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state  state
		action action
		done   bool
		want   decision
	}{
		{authorizing, authorize, true, decision{state: authorized, tell: authorized}},
		{authorizing, authorize, false, decision{state: declined, tell: declined}},
		{voiding, authorize, true, decision{state: voiding, call: void}}, // it was undone meanwhile
		{voiding, authorize, false, decision{state: voided, tell: voided}},
		{capturing, capture, true, decision{state: captured, tell: captured}},
		{capturing, capture, false, decision{state: captureFailed, tell: captureFailed}},
		{voiding, void, true, decision{state: voided, tell: voided}},
	} {
		if got := answered(c.state, c.action, c.done); got != c.want {
			t.Errorf("%s %v while %q: %+v, want %+v", c.action, c.done, c.state, got, c.want)
		}
	}
}

func TestPostingsBalance(t *testing.T) {
	t.Parallel()
	const amount = 1999
	book := func(actions ...action) map[string]int64 {
		accounts := map[string]int64{}
		for _, a := range actions {
			sum := int64(0)
			for _, e := range posting(a, amount) {
				accounts[e.account] += e.amount
				sum += e.amount
			}
			if sum != 0 {
				t.Errorf("posting of %s sums to %d", a, sum)
			}
		}
		return accounts
	}
	if got := book(authorize); got[accountHolds] != amount || got[accountBank] != 0 {
		t.Errorf("authorised: %v", got)
	}
	if got := book(authorize, void); got[accountHolds] != 0 || got[accountCards] != 0 || got[accountBank] != 0 {
		t.Errorf("authorised and voided: %v", got)
	}
	if got := book(authorize, capture); got[accountHolds] != 0 || got[accountCards] != 0 || got[accountBank] != amount || got[accountSales] != -amount {
		t.Errorf("authorised and captured: %v", got)
	}
}
