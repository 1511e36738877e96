# Makes MongoDB's users of the mounted Secret, at every start of the pod and before anybody can connect: on this pod's loopback,
# with access control still off. So the users are what the Secret says, and not what a kept volume remembers.
set -eu

mongod --dbpath /data/db --bind_ip 127.0.0.1 --port 27017 --wiredTigerCacheSizeGB "$CACHE_GB" --quiet &
mongod=$!

until (exec 3<>/dev/tcp/127.0.0.1/27017) 2>/dev/null; do
  kill -0 "$mongod" || { echo 'mongod ended before it listened: see above' >&2; exit 1; }
  sleep 0.2
done

# The passwords go by file: a command line would show them.
status=0
mongosh --quiet --norc --host 127.0.0.1 --port 27017 --eval "$(cat /etc/mongo/create-users.js)" || status=$?

kill -TERM "$mongod"
wait "$mongod"
exit "$status"
