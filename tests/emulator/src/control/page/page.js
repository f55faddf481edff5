// The frame of the page: which view is shown, the header, and keeping it all fresh.

import { chosen, get, listen, time } from './api.js';
import { h, patch, toast } from './dom.js';
import { clock, span } from './text.js';
import * as queues from './queues.js';
import * as queue from './queue.js';
import * as message from './message.js';
import * as requests from './requests.js';
import * as clockView from './clock.js';
import * as faults from './faults.js';
import * as connect from './connect.js';

const VIEWS = [['queues', 'Queues'], ['requests', 'Requests'], ['clock', 'Clock'], ['faults', 'Faults'], ['connect', 'Connect']];

const shared = { live: false, advanced: 0, accounts: [], faults: 0 };
let current = { view: null, args: [], data: null, state: {} };
let wanted = 0;

/** The view that the address names, and what it is about. */
function route() {
  const [path, search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const args = { rest: parts.slice(1), search: new URLSearchParams(search) };
  switch (parts[0]) {
    case undefined: return [queues, args, 'queues'];
    case 'queues': {
      if (parts.length >= 3) return [message, args, 'queues'];
      return [parts.length === 2 ? queue : queues, args, 'queues'];
    }
    case 'requests': return [parts.length > 1 ? requests.one : requests, args, 'requests'];
    case 'clock': return [clockView, args, 'clock'];
    case 'faults': return [faults, args, 'faults'];
    case 'connect': return [connect, args, 'connect'];
    default: return [queues, args, 'queues'];
  }
}

async function go() {
  const [view, args, name] = route();
  const moved = location.hash;
  current = { view, args, name, data: null, state: {}, moved };
  draw();
  await refresh();
  document.getElementById('main').focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/** Asks for the data of the view once more, and shows it. */
export async function refresh() {
  const mine = current;
  wanted += 1;
  const number = wanted;
  try {
    const [data, state] = await Promise.all([mine.view.load(mine.args, mine.state), get('/clock')]);
    if (current !== mine || number !== wanted) return;
    mine.data = data;
    mine.failed = null;
    shared.advanced = state.advancedBySeconds;
    shared.clock = state;
    time.hear(state.now);
  } catch (error) {
    if (current !== mine) return;
    mine.failed = error.message;
  }
  draw();
}

let due = null;
let last = 0;

/** Refreshes soon, but not more often than twice a second. */
function soon() {
  if (due) return;
  const wait = Math.max(30, 500 - (performance.now() - last));
  due = setTimeout(async () => {
    due = null;
    last = performance.now();
    await refresh();
  }, wait);
}

export function draw() {
  const { view, args, name, data, state, failed } = current;
  patch(document.getElementById('top'), header(name));
  const main = document.getElementById('main');
  const title = view.title(args);
  document.title = `${title} · Queue emulator`;
  if (failed) {
    patch(main, [h('h1', null, title), h('p', { class: 'notice bad', role: 'alert' }, failed),
      h('p', null, h('a', { href: '#/queues' }, 'To the queues'))]);
  } else if (data) {
    patch(main, view.show(data, { args, state, now: time.now(), draw, refresh, shared }));
  } else {
    patch(main, [h('h1', null, title), h('p', { class: 'quiet' }, 'One moment …')]);
  }
}

function header(name) {
  const links = VIEWS.map(([view, text]) => h('a', {
    key: view, href: `#/${view}`, 'aria-current': view === name ? 'page' : null,
  }, text));
  const accounts = shared.accounts.length > 1 ? h('select', {
    'aria-label': 'Account', value: chosen.account ?? shared.accounts[0],
    onchange: (event) => { chosen.account = event.target.value; go(); },
  }, shared.accounts.map((account) => h('option', { value: account }, account))) : null;
  const moved = shared.advanced > 0 ? h('a', { href: '#/clock', class: 'chip hidden', title: 'The time by which messages live was moved forward' },
    `+${span(shared.advanced)}`) : null;
  return [
    h('a', { class: 'brand', href: '#/queues' }, h('img', { src: '/icon.svg', alt: '', width: '26', height: '26' }), h('span', null, 'Queue emulator')),
    h('nav', { 'aria-label': 'Views' }, links),
    h('div', { class: 'status' }, accounts, moved,
      h('span', { class: 'num', title: 'The time by which messages live' }, clock(new Date(time.now()).toISOString()).slice(0, 8)),
      h('span', { class: shared.live ? 'dot live' : 'dot', title: shared.live ? 'Live' : 'Not connected' },
        h('span', { class: 'sr' }, shared.live ? 'live' : 'not connected'))),
  ];
}

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select')) return;
  const field = document.querySelector('main [type=search]');
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

window.addEventListener('hashchange', go);
window.addEventListener('unhandledrejection', (event) => toast(event.reason?.message ?? 'Something failed', true));
// What counts down does so by itself.
setInterval(() => { if (!document.hidden && current.data) draw(); }, 1000);
listen(soon, (live) => {
  if (live && !shared.live) soon();
  shared.live = live;
  draw();
});
get('/connect').then(({ accounts }) => {
  shared.accounts = accounts.map((account) => account.name);
  draw();
}).catch(() => {});
go();
