// One queue: its messages by state, and what can be done to them.

import { call, get, post, query, remove } from './api.js';
import { brief } from './body.js';
import { ask, copier, h, toast } from './dom.js';
import { bar, sure } from './queues.js';
import { ago, bytes, left, many, preview } from './text.js';

const PAGE = 200;

export const title = ({ rest }) => rest[0];

export async function load({ rest }, state) {
  const from = state.from ?? 0;
  return get(query(`/queues/${rest[0]}/messages`, { skip: from, limit: PAGE, text: 4096 }));
}

export function show({ queue, counts, messages, more }, { state, now, draw, refresh }) {
  const sum = counts.visible + counts.hidden + counts.delayed;
  const wanted = state.filter ?? 'all';
  const search = (state.search ?? '').toLowerCase();
  const rows = messages.filter((message) => (wanted === 'all' || message.state === wanted)
    && (!search || message.text.toLowerCase().includes(search) || message.id.startsWith(search)));
  const tab = (name, text, count) => h('button', { key: name, type: 'button', 'aria-pressed': wanted === name ? 'true' : 'false', onclick: () => { state.filter = name; draw(); } },
    text, ' ', h('span', { class: 'count' }, count.toLocaleString('en')));
  return [
    h('p', { class: 'crumbs' }, h('a', { href: '#/queues' }, 'Queues'), ' / '),
    h('div', { class: 'head' },
      h('h1', null, queue),
      h('span', { class: 'grow' }),
      h('button', { type: 'button', class: 'main', onclick: () => send(queue, refresh) }, 'Send a message'),
      h('a', { class: 'button', href: `/_emulator${query(`/queues/${queue}/dump`)}`, download: `${queue}.ndjson` }, 'Download'),
      h('button', { type: 'button', onclick: () => loadDump(queue, refresh) }, 'Load'),
      h('button', { type: 'button', disabled: !sum, onclick: () => sure(`Clear ${queue}?`, `${many(sum, 'message')} will be deleted.`, 'Clear', () => remove(query(`/queues/${queue}/messages`)), refresh) }, 'Clear')),
    bar(counts, sum),
    h('div', { class: 'head' },
      h('div', { class: 'tabs', role: 'group', 'aria-label': 'State' }, tab('all', 'All', sum), tab('visible', 'Visible', counts.visible), tab('hidden', 'Hidden', counts.hidden), tab('delayed', 'Delayed', counts.delayed)),
      h('span', { class: 'grow' }),
      h('input', { type: 'search', placeholder: 'Search text or id ( / )', 'aria-label': 'Search messages', oninput: (event) => { state.search = event.target.value; draw(); } })),
    rows.length ? h('table', { class: 'rows' },
      h('caption', { class: 'sr' }, `Messages of ${queue}`),
      h('thead', null, h('tr', null, ['State', 'Message', 'Deliveries', 'Size', 'Put', 'Expires', ''].map((text) => h('th', { scope: 'col' }, text || h('span', { class: 'sr' }, 'Actions'))))),
      h('tbody', null, rows.map((message) => row(queue, message, now, refresh))))
      : h('p', { class: 'empty' }, sum ? 'No message here is like that.' : 'There are no messages. Those that are gone are remembered in the requests.'),
    h('div', { class: 'head' },
      state.from ? h('button', { type: 'button', onclick: () => { state.from -= PAGE; refresh(); } }, 'Earlier') : null,
      more ? h('button', { type: 'button', onclick: () => { state.from = (state.from ?? 0) + PAGE; refresh(); } }, 'Later') : null,
      h('span', { class: 'grow' }),
      copier(`curl -s ${location.origin}/_emulator${query(`/queues/${queue}/messages`)}`, 'as curl'),
      copier(`azq peek ${queue}`, 'as azq'))];
}

function row(queue, message, now, refresh) {
  const path = `/queues/${queue}/messages/${message.id}`;
  const { name, text } = brief(message.text);
  return h('tr', { key: message.id },
    h('td', { 'data-label': 'State' }, chip(message, now)),
    h('td', { 'data-label': 'Message', class: 'wide' },
      h('a', { class: 'open', href: `#/queues/${queue}/${message.id}`, title: message.id }, text.trim() ? preview(text) : '(no text)'),
      h('span', { class: 'quiet' }, message.readable ? name : 'cannot be read', message.cut ? ', cut' : '')),
    h('td', { 'data-label': 'Deliveries' }, deliveries(message)),
    h('td', { 'data-label': 'Size', class: 'num' }, bytes(message.bytes)),
    h('td', { 'data-label': 'Put', class: 'num' }, ago(message.insertedAt, now)),
    h('td', { 'data-label': 'Expires', class: 'num' }, message.expiresAt ? `in ${left((Date.parse(message.expiresAt) - now) / 1000)}` : 'never'),
    h('td', { class: 'buttons' },
      message.state === 'visible' ? null : h('button', { type: 'button', class: 'small', 'aria-label': `Make message ${message.id} visible`, onclick: () => act(() => post(query(`${path}/release`)), 'It is visible', refresh) }, 'Make visible'),
      h('button', { type: 'button', class: 'small', 'aria-label': `Delete message ${message.id}`, onclick: () => act(() => remove(query(path)), 'The message is deleted', refresh) }, 'Delete')));
}

export async function act(work, said, refresh) {
  try {
    await work();
    toast(said);
  } catch (error) {
    toast(error.message, true);
  }
  refresh();
}

/** A state with the time until it changes. */
export function chip(message, now) {
  const seconds = (Date.parse(message.nextVisibleAt) - now) / 1000;
  if (message.state === 'visible' || seconds <= 0) return h('span', { class: 'chip visible' }, 'visible');
  const words = message.state === 'hidden' ? 'visible again in' : 'visible in';
  return h('span', null, h('span', { class: `chip ${message.state}` }, message.state), ' ', h('span', { class: 'quiet num' }, `${words} ${left(seconds)}`));
}

function deliveries({ dequeueCount, events }) {
  const dots = events.slice(-12).map((event, index) => h('span', { key: index, class: `mark ${event.what}`, title: event.what }));
  return h('span', { class: 'deliveries' }, h('span', { class: dequeueCount > 1 ? 'num strong' : 'num' }, dequeueCount), h('span', { class: 'marks', 'aria-hidden': 'true' }, dots));
}

function send(queue, refresh) {
  ask({
    title: `Send a message to ${queue}`,
    button: 'Send',
    fields: [
      h('label', null, 'Text', h('textarea', { name: 'text', rows: 6, spellcheck: 'false' })),
      h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'base64' }), 'Encode in base64, as many clients expect'),
      h('label', null, 'Hidden at first, in seconds', h('input', { name: 'hidden', type: 'number', min: 0, max: 604800, value: 0 })),
      h('label', null, 'Lives, in seconds (-1: always)', h('input', { name: 'life', type: 'number', min: -1, value: 604800 })),
    ],
    act: async (form) => {
      let text = form.get('text');
      if (form.get('base64')) text = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
      await post(query(`/queues/${queue}/messages`), { text, visibilityTimeout: Number(form.get('hidden')), timeToLive: Number(form.get('life')) });
      refresh();
      return 'The message is sent';
    },
  });
}

function loadDump(queue, refresh) {
  ask({
    title: `Load messages into ${queue}`,
    button: 'Load',
    fields: [h('p', null, 'A file as Download makes it: a line of JSON for each message, of which the field text counts.'),
      h('label', null, 'File', h('input', { type: 'file', name: 'file', required: true }))],
    act: async (form) => {
      const { loaded } = await call('POST', query(`/queues/${queue}/dump`), await form.get('file').text());
      refresh();
      return `${many(loaded, 'message')} loaded`;
    },
  });
}
