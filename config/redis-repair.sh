# Cuts an unfinished transaction off the end of Redis' append-only file, before Redis starts.
#
# A power loss may end the file in the middle of a script's writes. Redis (`aof-load-truncated`) then
# cuts off the unfinished command only and keeps the commands before it, whose transaction the writes
# of other clients would continue: the next start would take all of them for one transaction, with
# the half that was never confirmed. Loading the file a second time cuts off the whole transaction, so a
# damaged file is loaded once more, by a Redis that no client reaches. What is damaged in another way
# Redis refuses; it then does so again when it starts, and says why.
#
# Arguments: the data; what the paths of the programs begin with (`/usr/bin/`, or nothing to search the
# PATH); the command that runs programs, if they need one.
set -eu
cd "$1"
bin=$2
shift 2

manifest=appendonlydir/appendonly.aof.manifest
test -s "$manifest" || exit 0
"$@" "${bin}redis-check-aof" "$manifest" && exit 0

rm -f repair.sock
"$@" "${bin}redis-server" --dir . --appendonly yes --save '' --port 0 --unixsocket repair.sock &
until "$@" "${bin}redis-cli" -s repair.sock ping 2>/dev/null | grep -q PONG; do
  kill -0 "$!" 2>/dev/null || exit 0
  sleep 0.2
done
kill "$!"
wait "$!"
