# Starts Redis: makes its users of the mounted passwords, at every start, so that they are what the Secret says and not what a
# kept volume remembers. The file holds hashes: the passwords stay in the Secret.
set -eu

hash() { sha256sum "$1" | cut -d ' ' -f 1; }

# Both passwords are valid. What could lose the queue or change the server is not for clients: no FLUSHALL, CONFIG SET, SHUTDOWN.
umask 077
cat >/run/redis/users.acl <<ACL
user default on #$(hash "$REDIS_PASSWORD_FILE") #$(hash "$REDIS_PREVIOUS_PASSWORD_FILE") ~* &* +@all -@dangerous +info +config|get +client|list +slowlog|get +slowlog|len +latency|latest +latency|histogram
ACL

sh /etc/redis/redis-repair.sh /data ''
exec redis-server /etc/redis/redis.conf
