// What is in a message: JSON, text, base64 of either, or bytes. The first reading that fits is shown,
// and named; the others are a click away.

import { h } from './dom.js';
import { long, shown } from './text.js';

const DEEPEST = 40;
const MOST_NODES = 2000;

/** All readings of a text that fit, the most telling first. */
export function readings(text) {
  const found = [];
  const json = parse(text);
  if (json) found.push({ name: 'JSON', json: json.value });
  const decoded = base64(text);
  if (decoded) {
    const inner = utf8(decoded);
    const within = inner === null ? null : parse(inner);
    if (within) found.push({ name: 'base64 of JSON', json: within.value });
    if (inner !== null) found.push({ name: 'base64 of text', text: inner });
    found.push({ name: 'base64 of bytes', bytes: decoded });
  }
  const plain = { name: found.length ? 'as stored' : 'text', text };
  found.push(plain);
  return found;
}

function parse(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Not JSON, or so deep that it cannot be read.
    return null;
  }
}

function base64(text) {
  const plain = text.trim();
  if (plain.length < 8 || plain.length % 4 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return null;
  try {
    return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function utf8(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // eslint-disable-next-line no-control-regex
    return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** The short form of a body, for a table: the best reading on one line. */
export function brief(text) {
  const [best] = readings(text);
  return { name: best.name, text: best.json !== undefined ? flat(best.json) : best.text ?? hex(best.bytes, 32) };
}

function flat(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return 'JSON that is too deep to be shown';
  }
}

/** A body with a choice of readings. `state` keeps what was chosen. */
export function body(text, state, redraw) {
  const all = readings(text);
  const chosen = all.find((reading) => reading.name === state.reading) ?? all[0];
  const choice = (reading) => h('button', {
    key: reading.name,
    type: 'button',
    role: 'tab',
    'aria-selected': reading === chosen ? 'true' : 'false',
    onclick: () => { state.reading = reading.name; state.all = false; redraw(); },
  }, reading.name);
  return h('div', { class: 'reading' },
    h('div', { role: 'tablist', 'aria-label': 'How to read the body', class: 'tabs' }, all.map(choice)),
    show(chosen, state, redraw));
}

function show(reading, state, redraw) {
  if (reading.json !== undefined) {
    const left = { nodes: MOST_NODES };
    return h('div', { class: 'body tree', dir: 'ltr', tabindex: '0', 'aria-label': 'JSON' }, tree(reading.json, 0, left));
  }
  if (reading.bytes) return long(hex(reading.bytes, 4096), state, redraw);
  return long(reading.text, state, redraw);
}

function tree(value, depth, left, name) {
  left.nodes -= 1;
  const label = name === undefined ? null : [h('span', { class: 'name' }, shown(name)), ': '];
  if (value === null || typeof value !== 'object') {
    const kind = value === null ? 'null' : typeof value;
    return h('div', { class: 'leaf' }, label, h('span', { class: kind }, shown(flat(value))));
  }
  const list = Array.isArray(value);
  const entries = list ? value.map((item, index) => [String(index), item]) : Object.entries(value);
  const size = list ? `[${entries.length}]` : `{${entries.length}}`;
  if (!entries.length) return h('div', { class: 'leaf' }, label, list ? '[]' : '{}');
  if (depth >= DEEPEST || left.nodes < 0) return h('div', { class: 'leaf' }, label, `${size} …`);
  return h('details', { open: depth < 3 },
    h('summary', null, label, h('span', { class: 'quiet' }, size)),
    entries.slice(0, 200).map(([key, item]) => tree(item, depth + 1, left, key)),
    entries.length > 200 ? h('div', { class: 'leaf quiet' }, `and ${entries.length - 200} more`) : null);
}

function hex(bytes, most) {
  const lines = [];
  for (let start = 0; start < Math.min(bytes.length, most); start += 16) {
    const part = bytes.slice(start, start + 16);
    const numbers = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = [...part].map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${start.toString(16).padStart(6, '0')}  ${numbers.padEnd(47)}  ${letters}`);
  }
  if (bytes.length > most) lines.push(`… ${bytes.length - most} bytes more`);
  return lines.join('\n');
}
