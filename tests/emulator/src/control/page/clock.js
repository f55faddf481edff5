// The time by which messages live, and moving it.

import { get, post } from './api.js';
import { h } from './dom.js';
import { act } from './queue.js';
import { left, span, stamp } from './text.js';

export const title = () => 'Clock';

export const load = () => get('/clock');

const STEPS = [[1, '+1 s'], [30, '+30 s'], [300, '+5 min'], [3600, '+1 h'], [86400, '+1 day']];

export function show(state, { now, refresh }) {
  const at = new Date(now);
  const move = (body, said) => act(() => post('/clock', body), said, refresh);
  const until = (text) => (text ? [stamp(text), ` in ${left((Date.parse(text) - now) / 1000)}`] : 'nothing is to come');
  const set = (event) => {
    event.preventDefault();
    const value = new FormData(event.target).get('at');
    move({ set: new Date(value).toISOString() }, 'The clock is moved');
  };
  return [
    h('h1', null, 'Clock'),
    h('p', { class: 'lead' }, 'Messages become visible and expire by this time. It can be moved forward, and goes on from there; credentials are judged by the real one.'),
    h('div', { class: 'face num', role: 'timer' }, at.toLocaleTimeString('en-GB'), h('small', null, at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }))),
    h('p', { class: 'quiet' }, state.advancedBySeconds ? `${span(state.advancedBySeconds)} ahead of the real time` : 'the real time'),
    h('div', { class: 'buttons' }, STEPS.map(([seconds, text]) => h('button', { key: text, type: 'button', class: seconds === 30 ? 'main' : null, onclick: () => move({ advance: seconds }, `${text} passed`) }, text))),
    h('dl', { class: 'facts' },
      h('dt', null, 'Next visible'), h('dd', null, until(state.nextVisibleAt), ' ', h('button', { type: 'button', class: 'small', disabled: !state.nextVisibleAt, onclick: () => move({ to: 'next-visible' }, 'A message is visible') }, 'Go there')),
      h('dt', null, 'Next expiry'), h('dd', null, until(state.nextExpiryAt), ' ', h('button', { type: 'button', class: 'small', disabled: !state.nextExpiryAt, onclick: () => move({ to: 'next-expiry' }, 'A message has expired') }, 'Go there'))),
    h('form', { class: 'line', onsubmit: set }, h('label', null, 'Set to', h('input', { type: 'datetime-local', name: 'at', step: 1, required: true })), h('button', { type: 'submit' }, 'Set')),
    h('p', { class: 'quiet' }, 'The same from a test: ', h('code', null, `curl -d '{"advance":30}' ${location.origin}/_emulator/clock`))];
}
