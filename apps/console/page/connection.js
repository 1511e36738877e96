// The stream of events, kept open whatever happens: a restart of the console, an ingress that answers for it meanwhile, a
// laptop that slept.
// @ts-check

/** Ticks come each second: a longer silence is a dead connection, milliseconds. */
const SILENCE_MS = 8_000;
/** Pause before a new attempt where the browser gave up, milliseconds. */
const RETRY_MS = 2_000;

/**
 * @param {string} url
 * @param {Readonly<Record<string, (data: any) => void>>} handlers by the event's name
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
      // The browser tries again by itself, but not after an answer that is none, such as an ingress' 502.
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
