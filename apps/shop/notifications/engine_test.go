package notifications

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestNotifications(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"OneMailPerReason":         testOneMailPerReason,
			"MailWaitsForItsReader":    testMailWaitsForItsReader,
			"NewNameIsUsed":            testNewNameIsUsed,
			"FirstVersionOfRegistered": testFirstVersionOfRegistered,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"OneReasonInTwoProcesses": testOneReasonInTwoProcesses,
		},
	})
}
