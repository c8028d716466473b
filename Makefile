# Everything a person or a machine does with this repository is one target. `make` alone lists them.

LINT_VERSION := v2.15.0
LINT         := .bin/golangci-lint-$(LINT_VERSION)

# All packages of the modules in go.work.
PACKAGES := ./... ./drivers/... ./apps/...

# Tests with processes of their own. They are about time, and the race detector takes most of it: make soak has it on.
FAULTS := ./drivers/faulttest/... ./apps/shop/faulttest/...

# The race detector needs cgo, and cgo a C compiler. Empty when this machine lacks one of them.
RACE = $(shell [ "$$(go env CGO_ENABLED)" = 1 ] && command -v $$(go env CC) >/dev/null && echo -race)

.PHONY: help run test here soak servers check race-or-say bench lint cover fmt clean
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole shop in one process, on http://127.0.0.1:8080
	go build -o .bin/shop ./apps/shop
	@.bin/shop

test: ## everything: build, vet, lint, all tests of all modules, with the race detector but for those of real processes; in a container if servers are missing
	@scripts/servers.sh; case $$? in \
		0) $(MAKE) --no-print-directory here ;; \
		3) scripts/in-container.sh make test ;; \
		*) exit 1 ;; \
	esac

# What test does when it is where it can be done.
here: race-or-say check lint
	go test $(RACE) -timeout 30m $$(go list $(PACKAGES) | grep -v /faulttest)
	go test -p 1 -count=1 -timeout 30m $(FAULTS)

soak: race-or-say servers ## all fault tests with real processes, five times as long; takes an hour
	HEADRACE_SOAK=1 go test $(RACE) -p 1 -count=1 -timeout 3h $(FAULTS)

servers:
	@scripts/servers.sh

check:
	go build $(PACKAGES)
	go vet $(PACKAGES)
	for module in . drivers apps; do (cd $$module && GOWORK=off go build ./...) || exit 1; done
	cd docs/guides/watermill && GOWORK=off go vet ./...

race-or-say:
	@[ -n "$(RACE)" ] || { echo "the race detector needs cgo and a C compiler such as gcc: there is none here" >&2; [ "$$CI" != true ]; }

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem $(PACKAGES)

lint: $(LINT) ## what golangci-lint has to say (.golangci.yml)
	$(LINT) run $(PACKAGES)

cover: ## how much of each function the tests run, as .bin/cover.out and on the screen
	@mkdir -p .bin
	go test -coverprofile=.bin/cover.out -coverpkg=github.com/headrace/headrace/... $(PACKAGES)
	go tool cover -func=.bin/cover.out

fmt: $(LINT) ## format all Go files
	$(LINT) fmt

clean: ## remove what make has built
	rm -rf .bin

# Built once per version, outside of the workspace and of every go.mod.
$(LINT):
	GOBIN=$(CURDIR)/.bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv .bin/golangci-lint $@
