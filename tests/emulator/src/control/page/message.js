// One message and its life: who had it when, and why it came again.

import { get, post, query, remove } from './api.js';
import { body } from './body.js';
import { ask, h } from './dom.js';
import { act, chip } from './queue.js';
import { ago, bytes, left, many, shown, span, stamp } from './text.js';

const WORDS = {
  put: 'put', received: 'received', renewed: 'renewed', released: 'released', reappeared: 'visible again', deleted: 'deleted',
  'delete-refused': 'delete refused', 'update-refused': 'update refused', expired: 'expired', cleared: 'queue cleared',
  'queue-created': 'queue created', 'queue-deleted': 'queue deleted',
};
const ENDS = ['deleted', 'expired', 'cleared', 'queue-deleted'];
const GIVES = ['put', 'received', 'renewed', 'released'];

export const title = ({ rest }) => `Message in ${rest[0]}`;

export const load = ({ rest }) => get(query(`/queues/${rest[0]}/messages/${rest[1]}`));

export function show({ queue, id, message, popReceipt, events, story }, { state, now, draw, refresh }) {
  const path = `/queues/${queue}/messages/${id}`;
  const count = events.filter((event) => event.what === 'received').length;
  const deliveries = message ? message.dequeueCount : count;
  return [
    h('p', { class: 'crumbs' }, h('a', { href: '#/queues' }, 'Queues'), ' / ', h('a', { href: `#/queues/${queue}` }, queue), ' / '),
    h('div', { class: 'head' },
      h('h1', { class: 'mono' }, id),
      message ? chip(message, now) : h('span', { class: 'chip' }, 'gone'),
      h('span', { class: deliveries > 1 ? 'chip warn' : 'chip' }, `${many(deliveries, 'delivery', 'deliveries')}`),
      h('span', { class: 'grow' }),
      message ? h('div', { class: 'buttons' }, actions(queue, path, message, refresh)) : null),
    story.length ? h('section', { class: 'story', 'aria-label': 'What happened' }, h('h2', null, deliveries > 1 ? 'Why it came more than once' : 'What happened'),
      h('ol', null, story.map((sentence, index) => h('li', { key: index }, shown(sentence))))) : null,
    events.length ? picture(events, message, now) : h('p', { class: 'empty' }, 'What happened to the message is not remembered.'),
    events.length ? list(events, now) : null,
    message ? h('section', null, h('h2', null, 'Body'), message.readable ? body(message.text, state, draw) : h('p', { class: 'notice bad' }, 'The text cannot be read from the disk.')) : null,
    message ? h('dl', { class: 'facts' },
      fact('Size', bytes(message.bytes)),
      fact('Put', [stamp(message.insertedAt), ' ', h('span', { class: 'quiet' }, ago(message.insertedAt, now))]),
      fact('Visible from', stamp(message.nextVisibleAt)),
      fact('Expires', message.expiresAt ? [stamp(message.expiresAt), ' ', h('span', { class: 'quiet' }, `in ${left((Date.parse(message.expiresAt) - now) / 1000)}`)] : 'never'),
      fact('Receipt', state.receipt ? h('code', null, popReceipt) : [h('code', null, `${popReceipt.slice(0, 6)}…`), ' ', h('button', { type: 'button', class: 'small', onclick: () => { state.receipt = true; draw(); } }, 'Show')])) : null];
}

const fact = (name, value) => [h('dt', null, name), h('dd', null, value)];

function actions(queue, path, message, refresh) {
  return [
    message.state === 'visible' ? null : h('button', { key: 'release', type: 'button', class: 'main', onclick: () => act(() => post(query(`${path}/release`)), 'It is visible', refresh) }, 'Make visible'),
    h('button', { key: 'move', type: 'button', onclick: () => move(queue, path, refresh) }, 'Move or copy'),
    h('a', { key: 'save', class: 'button', href: download(message.text), download: `${message.id}.txt` }, 'Download'),
    h('button', { key: 'delete', type: 'button', class: 'danger', onclick: () => act(() => remove(query(path)), 'The message is deleted', refresh) }, 'Delete')];
}

let saved = { text: null, url: null };

/** A link to the text, as bytes and never as a page. */
function download(text) {
  if (saved.text !== text) {
    if (saved.url) URL.revokeObjectURL(saved.url);
    saved = { text, url: URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' })) };
  }
  return saved.url;
}

function move(queue, path, refresh) {
  ask({
    title: 'Move or copy the message',
    button: 'Do it',
    fields: [h('label', null, 'To the queue', h('input', { name: 'to', required: true, value: `${queue}-poison`, autocomplete: 'off' })),
      h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'copy' }), 'Leave it here too')],
    act: async (form) => {
      const there = await post(query(`${path}/move`), { to: form.get('to'), copy: Boolean(form.get('copy')) });
      if (form.get('copy')) refresh();
      else location.hash = `#/queues/${there.queue}/${there.id}`;
      return `It is in ${there.queue}`;
    },
  });
}

// The picture: a lane for the queue and one for each client, time from left to right.

/** The times for which somebody had the message, or it was visible. */
function spans(events, message, now) {
  const found = [];
  const over = events.find((event) => ENDS.includes(event.what));
  const end = over ? Date.parse(over.at) : now;
  const given = events.filter((event) => GIVES.includes(event.what));
  given.forEach((event, index) => {
    const at = Date.parse(event.at);
    const next = index + 1 < given.length ? Date.parse(given[index + 1].at) : over ? end : Infinity;
    const until = event.until ? Date.parse(event.until) : at;
    const stop = Math.min(until, next);
    const held = event.what === 'received' || event.what === 'renewed';
    if (stop > at) found.push({ lane: held ? event.client.name : 'delayed', from: at, to: stop, kind: held ? 'lease' : 'wait', lapsed: held && until <= next && until <= end && !(over?.what === 'deleted' && until >= end) });
    const seen = Math.min(next, Math.max(end, stop));
    if (seen > stop && stop <= end) found.push({ lane: 'queue', from: stop, to: Math.min(seen, end), kind: 'visible' });
  });
  return found;
}

function picture(events, message, now) {
  const bars = spans(events, message, now);
  const over = events.some((event) => ENDS.includes(event.what));
  const clients = [...new Set(events.filter((event) => event.client && event.what !== 'put').map((event) => event.client.name))];
  const lanes = ['in the queue', ...clients];
  const laneOf = (name) => Math.max(0, lanes.indexOf(name));
  const stops = [...new Set([...events.map((event) => Date.parse(event.at)), ...bars.flatMap(({ from, to }) => [from, to]), ...(over ? [] : [now])])].sort((one, other) => one - other);
  const width = Math.max(340, Math.min(1200, document.getElementById('main').clientWidth - 34));
  const narrow = width < 620;
  const start = narrow ? 8 : Math.min(230, 24 + 7.2 * Math.max(...lanes.map((name) => name.length)));
  const room = width - start - 40;
  // Hours of waiting and seconds of work fit into one picture: long times are drawn shorter.
  const weights = stops.slice(1).map((stop, index) => 0.45 + Math.log1p((stop - stops[index]) / 1000));
  const sum = weights.reduce((all, one) => all + one, 0) || 1;
  const places = [start];
  weights.forEach((weight) => places.push(places[places.length - 1] + (weight / sum) * room));
  const x = (at) => places[stops.indexOf(at)] ?? start;
  const tall = narrow ? 46 : 36;
  const top = 12;
  const y = (lane) => top + lane * tall + (narrow ? 16 : 0);
  const height = top + lanes.length * tall + 30;
  let free = -100;
  const ticks = stops.map((stop) => {
    const place = x(stop);
    if (place - free < 62) return null;
    free = place;
    const after = (stop - stops[0]) / 1000;
    return h('g', { key: stop }, h('line', { class: 'tick', x1: place, x2: place, y1: top, y2: height - 22 }),
      h('text', { class: 'axis', x: place, y: height - 6, 'text-anchor': 'middle' }, stop === stops[0] ? '0' : `+${span(after)}`));
  });
  const text = events.map((event) => WORDS[event.what]).join(', then ');
  return h('figure', { class: 'life' },
    h('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `The life of the message: ${text}` },
      ticks,
      lanes.map((name, lane) => h('g', { key: name },
        h('line', { class: 'lane', x1: start, x2: width - 8, y1: y(lane) + 10, y2: y(lane) + 10 }),
        h('text', { class: 'who', x: narrow ? 8 : start - 14, y: narrow ? y(lane) - 5 : y(lane) + 14, 'text-anchor': narrow ? 'start' : 'end' }, name.length > 30 ? `${name.slice(0, 29)}…` : name))),
      bars.map(({ lane, from, to, kind, lapsed }, index) => h('rect', {
        key: `b${index}`, class: `span ${kind}${lapsed ? ' lapsed' : ''}`, rx: 4, x: x(from), width: Math.max(3, x(to) - x(from)), y: y(laneOf(lane)) + 1, height: 18,
      }, h('title', null, `${kind === 'lease' ? 'has it' : kind === 'wait' ? 'delayed' : 'visible'} for ${span((to - from) / 1000)}${lapsed ? ', and let it lapse' : ''}`))),
      events.map((event, index) => mark(event, x(Date.parse(event.at)), y(event.what === 'put' ? 0 : laneOf(event.client?.name)) + 10, index))),
    h('figcaption', null, legend('visible', 'visible to all'), legend('lease', 'somebody has it'), legend('lapsed', 'let it lapse'), legend('refused', 'refused'), legend('deleted', 'deleted')));
}

const legend = (kind, text) => h('span', { class: 'legend' }, h('span', { class: `mark ${kind}` }), text);

function mark(event, x, y, index) {
  const { what } = event;
  const hint = h('title', null, `${WORDS[what]}${event.reason ? `: ${event.reason}` : ''}`);
  const key = `m${index}`;
  if (what.endsWith('refused')) return h('g', { key, class: 'event refused' }, hint, h('circle', { cx: x, cy: y, r: 9 }), h('path', { d: `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x + 4} ${y - 4}L${x - 4} ${y + 4}` }));
  if (what === 'deleted') return h('g', { key, class: 'event deleted' }, hint, h('circle', { cx: x, cy: y, r: 9 }), h('path', { d: `M${x - 4.5} ${y}L${x - 1.2} ${y + 3.6}L${x + 4.8} ${y - 3.4}` }));
  const lost = event.reason?.includes('answer was lost');
  return h('g', { key, class: `event ${lost ? 'lost' : what}` }, hint, h('circle', { cx: x, cy: y, r: what === 'received' ? 9 : 6 }),
    what === 'received' ? h('text', { x, y: y + 4, 'text-anchor': 'middle' }, event.dequeueCount) : null);
}

// The list: each event in words.

function list(events) {
  return h('ol', { class: 'events' }, events.map((event, index) => {
    const before = index ? (Date.parse(event.at) - Date.parse(events[index - 1].at)) / 1000 : null;
    const { client } = event;
    return h('li', { key: event.number ?? `${event.what}${event.at}`, class: event.what },
      h('span', { class: `mark ${event.what}`, 'aria-hidden': 'true' }),
      h('span', { class: 'when' }, stamp(event.at), before !== null && before > 0 ? h('span', { class: 'quiet num' }, ` +${span(before)}`) : null),
      h('div', { class: 'what' },
        h('strong', null, WORDS[event.what], event.dequeueCount ? ` (delivery ${event.dequeueCount})` : ''),
        client ? [' by ', h('span', { class: 'client', title: client.userAgent || null }, shown(client.name))] : null,
        event.until ? [' · hidden for ', span((Date.parse(event.until) - Date.parse(event.at)) / 1000), ', until ', stamp(event.until)] : null,
        event.textChanged ? ' · text replaced' : null,
        event.reason ? h('div', { class: 'reason' }, shown(event.reason)) : null,
        client?.peer || event.request ? h('div', { class: 'quiet' }, client?.credential, client?.peer ? ` from ${client.peer}` : null,
          event.request ? [' · ', h('a', { href: `#/requests/${event.request}` }, `request ${event.request}`)] : null) : null));
  }));
}
