package identity

import (
	"testing"

	"github.com/headrace/headrace/apps/shop/storetest"
)

func TestIdentity(t *testing.T) {
	storetest.Run(t, storetest.Tests{
		Everywhere: map[string]func(*testing.T, *storetest.Database){
			"RegisterLoginLogout":  testRegisterLoginLogout,
			"WrongCredentials":     testWrongCredentials,
			"OneAccountPerAddress": testOneAccountPerAddress,
			"InvalidRegistrations": testInvalidRegistrations,
			"Profile":              testProfile,
			"SeedTwice":            testSeedTwice,
		},
		Together: map[string]func(*testing.T, *storetest.Database){
			"OneAddressInTwoProcesses": testOneAddressInTwoProcesses,
			"ShopsOpenAtOnce":          testShopsOpenAtOnce,
		},
	})
}
