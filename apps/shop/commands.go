package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"time"

	"github.com/headrace/headrace/apps/shop/load"
	"github.com/headrace/headrace/apps/shop/verify"
)

// runVerify is the command "verify".
func runVerify(ctx context.Context, args []string, env func(string) string, out, errs io.Writer) int {
	var directory string
	flags := newFlags("shop verify", errs, &directory)
	urls, err := parse(flags, args, env)
	if err != nil {
		return usage(err, errs)
	}
	report, err := verify.Run(ctx, verify.Source{Directory: directory, Postgres: urls["postgres"]})
	switch {
	case errors.Is(err, verify.ErrNoData):
		return usage(err, errs)
	case err != nil:
		return failed("shop", err, errs)
	}
	_, _ = io.WriteString(out, report.String())
	if !report.OK() {
		return exitFailed
	}
	return exitOK
}

// runLoad is the command "load".
func runLoad(ctx context.Context, args []string, out, errs io.Writer) int {
	c := load.Config{Out: out}
	flags := flag.NewFlagSet("shop load", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&c.URL, "url", "http://127.0.0.1:8080", "where the shop is")
	flags.Float64Var(&c.Rate, "rps", 50, "orders per second")
	flags.DurationVar(&c.For, "for", time.Minute, "how long")
	flags.IntVar(&c.Users, "users", 200, "how many buyers")
	flags.Float64Var(&c.Declined, "declined", 0.05, "share of orders with a card that is declined")
	flags.Float64Var(&c.Cancelled, "cancelled", 0.03, "share of orders that the buyer tries to cancel at once")
	if err := flags.Parse(args); err != nil {
		return usage(err, errs)
	}
	if flags.NArg() > 0 || c.Rate <= 0 || c.For <= 0 || c.Users <= 0 {
		return usage(errors.New("load: -rps, -for and -users must be above 0, and there are no other arguments"), errs)
	}
	summary, err := load.Run(ctx, c)
	if err != nil {
		return failed("shop load", err, errs)
	}
	_, _ = io.WriteString(out, summary.String())
	return exitOK
}
