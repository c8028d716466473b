package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// memoryGoal is how much memory the garbage collector tries to stay under, in bytes, unless GOMEMLIMIT says otherwise: hashing a password takes
// 19 MiB for a moment, and the shop is to run beside a browser.
const memoryGoal = 80 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryGoal)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the program: it returns its exit code, when everything that it started has ended.
func run(ctx context.Context, args []string, env func(string) string, out, errs io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "verify":
			return runVerify(ctx, args[1:], env, out, errs)
		case "load":
			return runLoad(ctx, args[1:], out, errs)
		}
	}
	c, err := parseConfig(args, env, errs)
	if err != nil {
		return usage(err, errs)
	}
	if err := serve(ctx, c, out); err != nil {
		return failed("shop", err, errs)
	}
	return exitOK
}

// usage tells what is wrong with the command line. Whoever asked for help was told already.
func usage(err error, errs io.Writer) int {
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	_, _ = fmt.Fprintln(errs, "shop:", err)
	return exitUsage
}

// failed tells what went wrong. If that cannot be told either, the exit code still says it.
func failed(command string, err error, errs io.Writer) int {
	_, _ = fmt.Fprintf(errs, "%s: %v\n", command, err)
	return exitFailed
}
