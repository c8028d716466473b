package orders

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestOrders(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"OrderIsFulfilled":            testOrderIsFulfilled,
			"DeclinedOrderGivesStockBack": testDeclinedOrderGivesStockBack,
			"BuyerCancelsInTime":          testBuyerCancelsInTime,
			"BuyerCancelsTooLate":         testBuyerCancelsTooLate,
			"ReplyAboutNothingIsDead":     testReplyAboutNothingIsDead,
			"DoubleClickIsOneOrder":       testDoubleClickIsOneOrder,
			"InvalidOrders":               testInvalidOrders,
			"ListOrders":                  testListOrders,
			"Cart":                        testCart,
			"ReadyWithPrices":             testReadyWithPrices,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"OneKeyInTwoProcesses": testOneKeyInTwoProcesses,
			"CancelMeetsPayment":   testCancelMeetsPayment,
			"TwoTopicsEndAnOrder":  testTwoTopicsEndAnOrder,
		},
	})
}
