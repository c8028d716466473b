// Package faulttest does to a whole shop what must not matter to it, from outside: it builds the real program, runs it in processes of its
// own, places orders by HTTP, kills, and lets shop verify say what is left. It has no code but tests, and shares none with the shop.
package faulttest
