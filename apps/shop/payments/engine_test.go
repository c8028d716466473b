package payments

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestPayments(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"AuthorizeAndCapture":          testAuthorizeAndCapture,
			"Declined":                     testDeclined,
			"RefusedCaptureNeedsAttention": testRefusedCaptureNeedsAttention,
			"VoidBeforeAuthorize":          testVoidBeforeAuthorize,
			"VoidWhileProviderThinks":      testVoidWhileProviderThinks,
			"LostAnswersChargeOnce":        testLostAnswersChargeOnce,
			"OpenIntentIsFoundAgain":       testOpenIntentIsFoundAgain,
			"CallsAreBounded":              testCallsAreBounded,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"EachProcessCallsForItsOwn": testEachProcessCallsForItsOwn,
			"CallsOfADeadProcess":       testCallsOfADeadProcess,
			"OneTakesOver":              testOneTakesOver,
			"TwoAnswersAreRecordedOnce": testTwoAnswersAreRecordedOnce,
		},
	})
}
