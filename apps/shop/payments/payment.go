package payments

// state is how far a payment is.
type state string

const (
	unknown       state = "" // nobody has asked for anything yet
	authorizing   state = "authorizing"
	authorized    state = "authorized"
	declined      state = "declined"
	capturing     state = "capturing"
	captured      state = "captured"
	captureFailed state = "capture_failed"
	voiding       state = "voiding"
	voided        state = "voided"
)

// action is something that a saga asks of payments, and payments of the provider.
type action string

const (
	authorize action = "authorize"
	capture   action = "capture"
	void      action = "void"
)

// decision is what follows from a request of a saga or from an answer of the provider.
type decision struct {
	state  state
	call   action // what to ask the provider for; empty: nothing
	tell   state  // what to tell the saga: one of authorized, declined, captured, captureFailed, voided; empty: nothing
	refuse string // why the request can never be met; empty: it can
}

// asked decides about a request. What was done before is told again; what was never begun can be voided, and stays so.
func asked(s state, a action) decision {
	switch a {
	case authorize:
		return askedToAuthorize(s)
	case capture:
		return askedToCapture(s)
	default:
		return askedToVoid(s)
	}
}

func askedToAuthorize(s state) decision {
	switch s {
	case unknown:
		return decision{state: authorizing, call: authorize}
	case authorized, declined:
		return decision{state: s, tell: s}
	default: // it is under way, or an undo came first and has been or will be answered
		return decision{state: s}
	}
}

func askedToCapture(s state) decision {
	switch s {
	case authorized, captureFailed:
		return decision{state: capturing, call: capture}
	case captured:
		return decision{state: s, tell: captured}
	case capturing:
		return decision{state: s}
	default:
		return decision{state: s, refuse: "nothing is authorised"}
	}
}

func askedToVoid(s state) decision {
	switch s {
	case unknown:
		return decision{state: voided, tell: voided}
	case authorizing: // the answer of the provider decides what there is to void
		return decision{state: voiding}
	case authorized, captureFailed:
		return decision{state: voiding, call: void}
	case declined, voided:
		return decision{state: s, tell: voided}
	case voiding:
		return decision{state: s}
	default:
		return decision{state: s, refuse: "the money is being taken, or was"}
	}
}

// answered decides about an answer of the provider. done is false when it declined.
func answered(s state, a action, done bool) decision {
	switch {
	case a == authorize && s == voiding && done:
		return decision{state: voiding, call: void}
	case a == authorize && s == voiding:
		return decision{state: voided, tell: voided}
	case a == authorize && done:
		return decision{state: authorized, tell: authorized}
	case a == authorize:
		return decision{state: declined, tell: declined}
	case a == capture && done:
		return decision{state: captured, tell: captured}
	case a == capture:
		return decision{state: captureFailed, tell: captureFailed}
	default:
		return decision{state: voided, tell: voided}
	}
}
