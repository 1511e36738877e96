// Ports of the monitoring's servers and exporters.

export const PROMETHEUS_PORT = 9090;
export const ALERTMANAGER_PORT = 9093;
export const GRAFANA_PORT = 3000;
export const LOKI_PORT = 3100;
export const ALLOY_PORT = 12_345;
export const REDIS_EXPORTER_PORT = 9121;
export const MONGO_EXPORTER_PORT = 9216;
