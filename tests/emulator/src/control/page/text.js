// Texts, times and sizes for people. What a stranger wrote is shown as it is: what turns text around,
// hides in it or controls a terminal is shown as its escape.

import { h } from './dom.js';

// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const MOST = 4096;

function code(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A text with its hidden characters shown. */
export function shown(text) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(HIDDEN)) {
    parts.push(text.slice(last, match.index));
    parts.push(h('span', { class: 'escape', title: 'a character that cannot be seen' }, code(match[0])));
    last = match.index + match[0].length;
    // Thousands of them make the page slow, and tell no more.
    if (parts.length > 2000) break;
  }
  parts.push(text.slice(last));
  return parts;
}

/** The first line of a text, for a table. */
export function preview(text, most = 160) {
  const line = text.slice(0, most).replace(/\s+/g, ' ');
  return h('span', { class: 'mono clip', dir: 'ltr' }, shown(line), text.length > most ? '…' : null);
}

/** A long text, the rest of which is shown when it is wanted. */
export function long(text, state, redraw) {
  const all = state.all || text.length <= MOST;
  return h('div', null,
    h('pre', { class: 'body', dir: 'ltr', tabindex: '0', 'aria-label': 'text' }, shown(all ? text : text.slice(0, MOST))),
    all ? null : h('button', { type: 'button', class: 'small', onclick: () => { state.all = true; redraw(); } },
      `Show all ${text.length.toLocaleString('en')} characters`));
}

export function clock(text) {
  const at = new Date(text);
  const two = (number) => String(number).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

export function stamp(text) {
  return h('time', { datetime: text, title: text, class: 'num' }, clock(text));
}

/** A number of seconds in words: 0.4 s, 17 s, 2 min 5 s, 3 h, 7 d. */
export function span(seconds) {
  const two = (large, unit, small, smaller) => (small ? `${large} ${unit} ${small} ${smaller}` : `${large} ${unit}`);
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${Math.floor(seconds * 10) / 10} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 7200) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 172800) return two(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return two(Math.floor(whole / 86400), 'd', Math.floor((whole % 86400) / 3600), 'h');
}

/** As `span`, in whole seconds: for what counts down. */
export function left(seconds) {
  return seconds < 10 ? `${Math.max(0, Math.ceil(seconds))} s` : span(Math.ceil(seconds));
}

export function ago(text, now) {
  if (!text) return '–';
  const seconds = (now - Date.parse(text)) / 1000;
  return seconds < 1 ? 'just now' : `${span(Math.floor(seconds))} ago`;
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  return `${(count / 1024).toFixed(1)} KiB`;
}

export const many = (count, one, more = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
