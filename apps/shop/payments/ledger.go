package payments

// The accounts of the ledger. An amount above zero is a debit.
const (
	accountHolds = "holds" // set aside for us on buyers' cards
	accountCards = "cards" // the other side of holds
	accountBank  = "bank"  // ours
	accountSales = "sales" // the other side of bank
)

// entry is one line of a posting.
type entry struct {
	account string
	amount  int64
}

// posting is what an answer of the provider means for the books: its entries sum to zero. A capture turns a hold into money.
func posting(a action, amount int64) []entry {
	switch a {
	case authorize:
		return []entry{{accountHolds, amount}, {accountCards, -amount}}
	case capture:
		return []entry{{accountHolds, -amount}, {accountCards, amount}, {accountBank, amount}, {accountSales, -amount}}
	default:
		return []entry{{accountHolds, -amount}, {accountCards, amount}}
	}
}
