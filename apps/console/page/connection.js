// The stream of events, which survives a restart of the console, an ingress that answers in its
// place, and a laptop that slept.
// @ts-check

/** Ticks arrive every second: after a longer silence the connection is dead, milliseconds. */
const SILENCE_MS = 8_000;
/** Time before a new attempt after the browser has given up, milliseconds. */
const RETRY_MS = 2_000;

/**
 * @param {string} url
 * @param {Readonly<Record<string, (data: any) => void>>} handlers by name of the event
 * @param {(state: 'live' | 'lost') => void} onState
 */
export function connect(url, handlers, onState) {
  /** @type {EventSource} */
  let source;
  let heardAt = 0;

  const open = () => {
    heardAt = performance.now();
    source = new EventSource(url);
    for (const [name, handler] of Object.entries(handlers))
      source.addEventListener(name, (event) => {
        heardAt = performance.now();
        onState('live');
        handler(JSON.parse(event.data));
      });
    source.onerror = () => {
      onState('lost');
      // The browser reconnects by itself, but not after an error status such as an ingress' 502.
      if (source.readyState === EventSource.CLOSED) setTimeout(reopen, RETRY_MS);
    };
  };
  const reopen = () => {
    source.close();
    open();
  };
  open();
  setInterval(() => {
    if (performance.now() - heardAt < SILENCE_MS) return;
    onState('lost');
    reopen();
  }, 2_000);
}
