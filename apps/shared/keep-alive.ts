// How long servers behind a proxy keep idle connections.

/**
 * Longer than the proxies do, so that the proxy closes first, milliseconds. If the server closed
 * first, a request could arrive at that moment: the proxy repeats a GET, but answers a POST with
 * 502. Traefik keeps idle connections for 90 s, ingress-nginx and many load balancers for 60 s.
 * @see https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/
 */
export const KEEP_ALIVE_MS = 95_000;
