package archive

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestArchive(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"KeepsEachEventOnce": testKeepsEachEventOnce,
			"Timeline":           testTimeline,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"TwoProcessesKeepTheSame": testTwoProcessesKeepTheSame,
		},
	})
}
