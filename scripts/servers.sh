#!/bin/sh
# Makes sure that the servers which tests start for themselves are on this machine: redis-server, pgbouncer, and initdb and postgres of PostgreSQL.
# Only the programs matter; a service that the system starts when they are installed is left alone. What is missing is installed if we are
# root (or, on a machine of CI=true, may become root without a password). Where that is not possible but Docker works, this script ends with 3:
# scripts/in-container.sh can run the tests. Otherwise what is missing is named in a line: tests that need it are skipped then, and with CI=true
# this script fails.
set -u

missing() {
	command -v redis-server >/dev/null 2>&1 || echo redis-server
	command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || echo pgbouncer
	initdb=$(command -v initdb 2>/dev/null)
	for folder in "${initdb%/initdb}" /usr/lib/postgresql/*/bin /usr/libexec/postgresql* /usr/pgsql-*/bin; do
		[ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return
	done
	echo postgresql
}

install() {
	if command -v apt-get >/dev/null 2>&1; then
		$root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"
	elif command -v apk >/dev/null 2>&1; then
		$root apk add --quiet $(echo "$*" | sed 's/redis-server/redis/')
	elif command -v dnf >/dev/null 2>&1; then
		$root dnf install -y -q $(echo "$*" | sed 's/redis-server/redis/; s/postgresql/postgresql-server/')
	fi
}

wanted=$(missing)
[ -z "$wanted" ] && exit 0

root=
if [ "$(id -u)" = 0 ] || { [ "${CI:-}" = true ] && sudo -n true 2>/dev/null && root='sudo -n'; }; then
	echo "installing for the tests:" $wanted
	install $wanted >/dev/null
	wanted=$(missing)
	[ -z "$wanted" ] && exit 0
fi
if docker info >/dev/null 2>&1; then
	echo "not on this machine: $(echo $wanted). Docker is: the tests run in a container." >&2
	exit 3
fi
echo "not on this machine, so tests that need it cannot run: $(echo $wanted). Install it with the system's package manager." >&2
[ "${CI:-}" != true ]
