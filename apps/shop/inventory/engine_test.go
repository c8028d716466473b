package inventory

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestInventory(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"ReserveThenCommit":           testReserveThenCommit,
			"ReserveAllLinesOrNone":       testReserveAllLinesOrNone,
			"LastPieceGoesToOne":          testLastPieceGoesToOne,
			"ReserveAgainIsAnsweredAgain": testReserveAgainIsAnsweredAgain,
			"ReleaseGivesBackOnce":        testReleaseGivesBackOnce,
			"ReleaseBeatsLateReserve":     testReleaseBeatsLateReserve,
			"LowStockIsToldOnce":          testLowStockIsToldOnce,
			"AdjustStock":                 testAdjustStock,
			"SeedOnce":                    testSeedOnce,
			"ChangePrice":                 testChangePrice,
			"RequestsTogether":            testRequestsTogether,
			"LaterVersionIsForAPerson":    testLaterVersionIsForAPerson,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"ShopsOpenAtOnce":      testShopsOpenAtOnce,
			"LastPiecesGoToAsMany": testLastPiecesGoToAsMany,
			"OrdersCrossEachOther": testOrdersCrossEachOther,
			"ReleaseMeetsReserve":  testReleaseMeetsReserve,
			"OneKeyOneAdjustment":  testOneKeyOneAdjustment,
			"OneKeyTwoAdjustments": testOneKeyTwoAdjustments,
		},
	})
}
