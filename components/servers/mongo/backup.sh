# Dumps MongoDB's records to the volume, lists the dumps, or restores one. Run by the CronJob `backup`, and by the jobs that
# `npm run restore` makes from it.
#
#   backup.sh dump
#   backup.sh list
#   backup.sh restore NAME [--drop]    NAME may be `latest`
set -eu
cd "$BACKUP_FOLDER"

# The login goes by file: a command line would show it.
login=''
[ -z "${MONGO_PASSWORD_FILE:-}" ] || login="$(cat "$MONGO_USERNAME_FILE"):$(cat "$MONGO_PASSWORD_FILE")@"
config=$HOME/tools.yaml
(umask 077 && echo "uri: mongodb://$login${BACKUP_URL#mongodb://}" > "$config")

newest_first() { ls | grep '\.archive\.gz$' | sort -r || true; }
size_of() { du -h "$1" | cut -f 1; }

case "$1" in
  dump)
    # A dump gets its name once it is complete and on the disk. Those that were killed leave a partial file.
    find . -maxdepth 1 -name '.partial-*' -mmin +1440 -delete
    partial=.partial-$(hostname)
    trap 'rm -f "$partial"' EXIT
    mongodump --config "$config" --db "$DATABASE" --archive="$partial" --gzip
    sync "$partial"
    name=$(date -u +%Y-%m-%dT%H-%M-%SZ).archive.gz
    mv "$partial" "$name"
    echo "wrote $name, $(size_of "$name")"
    newest_first | tail -n "+$((BACKUP_KEEP + 1))" | while read -r old; do
      rm -f "$old"
      echo "removed $old: the newest $BACKUP_KEEP are kept"
    done
    ;;
  list)
    newest_first | while read -r name; do echo "$name $(size_of "$name")"; done
    ;;
  restore)
    name=$2
    shift 2
    [ "$name" != latest ] || name=$(newest_first | head -n 1)
    [ -f "./$name" ] || { echo "there is no backup ${name:-yet}" >&2; exit 2; }
    # Before --drop deletes anything.
    gzip -t "./$name" || { echo "$name is damaged" >&2; exit 2; }
    echo "restoring $name"
    # What is there already is a line each, and no failure: mongorestore inserts, and never overwrites.
    { mongorestore --config "$config" --archive="$name" --gzip --nsInclude="$DATABASE.*" "$@" 2>&1 || echo "failed $?"; } | awk '
      /E11000 duplicate key/ { there++; next }
      { print }
      /^failed [0-9]+$/ { wrong = 1 }
      / failed to restore\.$/ { failed = $6 }
      END {
        if (there) print there " of those were there already, and stay as they are"
        exit (wrong || failed > there + 0)
      }'
    ;;
esac
