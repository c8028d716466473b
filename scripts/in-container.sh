#!/bin/sh
# Runs a command of this repository in a container that has Go, a C compiler and the servers that tests start:
#
#	scripts/in-container.sh make test
#
# The checkout is mounted, so what the command writes there stays; it belongs to whom the checkout belongs to. Modules, builds and nothing
# else are kept between runs, in two volumes of Docker. PostgreSQL runs as the system's user postgres if the checkout is root's, else as the
# checkout's owner.
set -eu

# What the container itself runs, as root, before it becomes the owner of the checkout.
if [ "${1:-}" = --inside ]; then
	shift
	CI=true scripts/servers.sh # it can install here, so it has to
	uid=$(stat -c %u .) gid=$(stat -c %g .)
	[ "$uid" = 0 ] && exec "$@"
	# initdb asks for the name of its user.
	grep -q "^[^:]*:[^:]*:$uid:" /etc/passwd || echo "owner:x:$uid:$gid::/tmp:/bin/sh" >>/etc/passwd
	chown "$uid:$gid" /cache/modules /cache/build
	HOME=/tmp exec setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@"
fi

cd "$(dirname "$0")/.."
version=$(sed -n 's/^go //p' go.mod)
user=$(id -u)
exec docker run --rm --init \
	--volume "$PWD:/checkout" --workdir /checkout \
	--volume "headrace-modules-$user:/cache/modules" --env GOMODCACHE=/cache/modules \
	--volume "headrace-build-$user:/cache/build" --env GOCACHE=/cache/build \
	--env CI --env GOPROXY --env GOSUMDB --env GOFLAGS=-buildvcs=false \
	"golang:$version-bookworm" scripts/in-container.sh --inside "$@"
