package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "shop: not wired yet")
	os.Exit(1)
}
