// The control interface, as the page uses it.

export const ROOT = '/_emulator';

/** The account that is looked at; null for the first. */
export const chosen = { account: null };

/** Asks for something, and fails with the sentence of the server. */
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    const text = typeof body === 'string';
    options.headers['content-type'] = text ? 'text/plain' : 'application/json';
    options.body = text ? body : JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(ROOT + path, options);
  } catch {
    throw new Error('The emulator does not answer');
  }
  const text = await answer.text();
  const data = text && answer.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text;
  if (!answer.ok) throw new Error(data.error ?? `The emulator answered ${answer.status}`);
  return data;
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);
export const remove = (path) => call('DELETE', path);

/** Adds parameters to a path, and the account. */
export function query(path, values = {}) {
  const all = { ...values, account: chosen.account };
  const pairs = Object.entries(all).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return path + (pairs.length ? '?' : '') + pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** The time of the emulator, kept from what it said last. */
export const time = {
  at: Date.now(),
  heard: performance.now(),
  hear(text) {
    this.at = Date.parse(text);
    this.heard = performance.now();
  },
  now() {
    return this.at + performance.now() - this.heard;
  },
};

/** Calls `tell` when something has happened, as long as the page can be seen. */
export function listen(tell, state) {
  let source = null;
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(`${ROOT}/events`);
    source.addEventListener('open', () => state(true));
    source.addEventListener('error', () => state(false));
    source.addEventListener('news', (event) => tell(JSON.parse(event.data)));
    source.addEventListener('gap', () => tell({ events: [], missed: 1 }));
  };
  // A browser opens six connections to a server, over all of its tabs: a hidden one needs none.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      open();
      tell({ events: [], missed: 1 });
    }
  });
  open();
}
