// All queues at a glance.

import { get, post, query, remove } from './api.js';
import { ask, h } from './dom.js';
import { welcome } from './connect.js';
import { ago, many, span } from './text.js';

export const title = () => 'Queues';

export async function load(args, state) {
  const [queues, connect] = await Promise.all([get(query('/queues')), state.connect ?? get('/connect')]);
  state.connect = connect;
  return queues;
}

export function show({ queues, total }, { state, now, draw, refresh }) {
  const filter = (state.filter ?? '').toLowerCase();
  const rows = queues.filter((queue) => queue.name.includes(filter));
  const head = h('div', { class: 'head' },
    h('h1', null, 'Queues'),
    queues.length > 5 ? h('input', { type: 'search', placeholder: 'Filter ( / )', 'aria-label': 'Filter queues', oninput: (event) => { state.filter = event.target.value; draw(); } }) : null,
    h('span', { class: 'grow' }),
    h('button', { type: 'button', class: 'main', onclick: () => create(refresh) }, 'New queue'));
  if (!queues.length) return [head, welcome(state.connect)];
  return [head,
    h('table', { class: 'rows' },
      h('caption', { class: 'sr' }, 'Queues of the account'),
      h('thead', null, h('tr', null, ['Queue', 'Messages', 'Visible', 'Hidden', 'Delayed', 'Oldest', 'In / out', 'Last', ''].map((text) =>
        h('th', { scope: 'col', class: /Visible|Hidden|Delayed/.test(text) ? 'right' : null }, text || h('span', { class: 'sr' }, 'Actions'))))),
      h('tbody', null, rows.map((queue) => row(queue, now, refresh)))),
    total > queues.length ? h('p', { class: 'quiet' }, `and ${total - queues.length} more`) : null];
}

function row(queue, now, refresh) {
  const { name, counts, poison } = queue;
  const path = `/queues/${name}`;
  const sum = counts.visible + counts.hidden + counts.delayed;
  const last = queue.lastReceived && (!queue.lastPut || queue.lastReceived > queue.lastPut)
    ? `received ${ago(queue.lastReceived, now)}` : queue.lastPut ? `put ${ago(queue.lastPut, now)}` : '–';
  return h('tr', { key: name },
    h('th', { scope: 'row', 'data-label': 'Queue' },
      h('a', { href: `#/queues/${name}` }, name),
      poison ? [' ', h('a', { class: poison.messages ? 'chip bad' : 'chip', href: `#/queues/${poison.name}` }, `${poison.messages} poison`)] : null),
    h('td', { 'data-label': 'Messages', class: 'wide' }, bar(counts, sum)),
    number('Visible', counts.visible), number('Hidden', counts.hidden), number('Delayed', counts.delayed),
    h('td', { 'data-label': 'Oldest', class: 'num' }, counts.headAgeSeconds === null ? '–' : span(counts.headAgeSeconds)),
    h('td', { 'data-label': 'In / out', class: 'num' }, `${queue.putsPerSecond.toFixed(1)} / ${queue.receivesPerSecond.toFixed(1)} per s`),
    h('td', { 'data-label': 'Last', class: 'num' }, last),
    h('td', { class: 'buttons' },
      h('button', { type: 'button', class: 'small', disabled: sum === 0, 'aria-label': `Clear ${name}`, onclick: () => sure(`Clear ${name}?`, `${many(sum, 'message')} will be deleted.`, 'Clear', () => remove(query(`${path}/messages`)), refresh) }, 'Clear'),
      h('button', { type: 'button', class: 'small', 'aria-label': `Delete ${name}`, onclick: () => sure(`Delete ${name}?`, `The queue and ${many(sum, 'message')} will be deleted.`, 'Delete', () => remove(query(path)), refresh) }, 'Delete')));
}

const number = (label, value) => h('td', { 'data-label': label, class: value ? 'num right' : 'num right zero' }, value.toLocaleString('en'));

/** How a queue is made up, as a bar. */
export function bar(counts, sum) {
  const parts = [['visible', counts.visible], ['hidden', counts.hidden], ['delayed', counts.delayed]];
  let x = 0;
  return h('svg', { class: 'bar', viewBox: '0 0 100 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': parts.map(([name, count]) => `${count} ${name}`).join(', ') },
    h('rect', { class: 'none', x: 0, y: 0, width: 100, height: 8 }),
    parts.map(([name, count]) => {
      const width = sum ? (count / sum) * 100 : 0;
      const part = h('rect', { key: name, class: name, x, y: 0, width, height: 8 });
      x += width;
      return part;
    }));
}

export function sure(title, text, button, act, refresh) {
  ask({ title, fields: h('p', null, text), button, danger: true, act: async () => { await act(); refresh(); } });
}

function create(refresh) {
  ask({
    title: 'New queue',
    button: 'Create',
    fields: h('label', null, 'Name', h('input', { name: 'name', required: true, pattern: '[a-z0-9](-?[a-z0-9]){2,62}', title: '3 to 63 lowercase letters, digits and single hyphens', autocomplete: 'off' })),
    act: async (form) => {
      await post(query('/queues'), { name: form.get('name') });
      refresh();
      return 'The queue is there';
    },
  });
}
