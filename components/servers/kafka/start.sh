# Starts a broker: writes down what differs from broker to broker, formats the volume if it is new, and becomes the broker.
# The image's own start script does the same by writing into its root, which is read-only here, with a JVM at each start.
set -eu

id=${HOSTNAME##*-}
role=broker
if [ "$id" -lt "$VOTERS" ]; then role=controller; fi

# Where the passwords lie, not what they are: Kafka reads them itself.
login() { printf '${dir:%s:%s}' "$(dirname "$1")" "$(basename "$1")"; }

settings=/tmp/server.properties
{
  sed "s/@ID@/$id/g; s/@NODE_PORT@/$((${NODE_PORT:-0} + id))/g" "/etc/breakwater/$role.properties"
  for listener in clients ${NODE_PORT:+external}; do
    echo "listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required" \
      "user_$(login "$CLIENT_USERNAME_FILE")=\"$(login "$CLIENT_PASSWORD_FILE")\"" \
      "user_$(login "$CLIENT_PREVIOUS_USERNAME_FILE")=\"$(login "$CLIENT_PREVIOUS_PASSWORD_FILE")\";"
  done
} >"$settings"

export LOG_DIR=/tmp
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/breakwater/log4j2.properties
export KAFKA_JVM_PERFORMANCE_OPTS="$JVM_OPTIONS"
# No log of the garbage collector: it would fill a folder that nobody reads.
export EXTRA_ARGS='-name kafkaServer'

if [ ! -e /var/lib/kafka/data/log/meta.properties ]; then
  KAFKA_HEAP_OPTS=-Xmx128m /opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" --config "$settings"
fi
# Classes as the image's build has loaded them: half a second less at each start.
if [ -e /opt/kafka/kafka.jsa ]; then KAFKA_JVM_PERFORMANCE_OPTS="$JVM_OPTIONS -XX:SharedArchiveFile=/opt/kafka/kafka.jsa"; fi

export KAFKA_HEAP_OPTS="$HEAP_OPTIONS"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
