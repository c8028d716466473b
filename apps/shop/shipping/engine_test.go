package shipping

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestShipping(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"FastCarrier":            testFastCarrier,
			"SlowCarrier":            testSlowCarrier,
			"Recall":                 testRecall,
			"RecallBeatsLateRequest": testRecallBeatsLateRequest,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"RecallMeetsDispatch": testRecallMeetsDispatch,
		},
	})
}
