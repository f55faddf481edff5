// Faults in force: what goes wrong on purpose.

import { call, get, remove } from './api.js';
import { h, toast } from './dom.js';
import { act } from './queue.js';
import { many } from './text.js';

export const title = () => 'Faults';

export const load = () => get('/faults');

const READY = [
  ['Lose the next answer', 'close-after times=1', 'The request is carried out, and the connection closed without an answer.'],
  ['Lose the next delivery', 'close-after operation=GetMessages times=1', 'The message is hidden, and nobody knows.'],
  ['Refuse as too busy', 'refuse=ServerBusy probability=0.3', 'Every third request or so gets 503.'],
  ['Be slow', 'delay=2s', 'Every answer comes two seconds late.'],
  ['Say nothing', 'drop times=1', 'The next request is never answered.'],
  ['Throttle', 'throttle=20/s', 'More than 20 requests a second get 503.'],
  ['Fail after the work', 'refuse-after=InternalError operation=PutMessage times=1', 'The message is stored, and the answer is 500.'],
  ['Cut an answer off', 'truncate=40 times=1', 'The connection is closed within the answer.'],
];

export function show({ faults }, { refresh }) {
  const add = (words) => act(() => call('POST', '/faults', words), 'The fault is in force', refresh);
  const write = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const { faults: added } = await call('POST', '/faults', new FormData(form).get('words'));
      form.reset();
      toast(`${many(added.length, 'fault')} in force`);
    } catch (error) {
      toast(error.message, true);
    }
    refresh();
  };
  return [
    h('div', { class: 'head' }, h('h1', null, 'Faults'), h('span', { class: 'grow' }),
      h('button', { type: 'button', disabled: !faults.length, onclick: () => act(() => remove('/faults'), 'There are no faults', refresh) }, 'Remove all')),
    faults.length ? h('table', { class: 'rows' },
      h('caption', { class: 'sr' }, 'Faults in force'),
      h('thead', null, h('tr', null, ['Fault', 'Met', ''].map((text) => h('th', { scope: 'col' }, text || h('span', { class: 'sr' }, 'Actions'))))),
      h('tbody', null, faults.map((fault) => h('tr', { key: fault.number },
        h('td', { 'data-label': 'Fault', class: 'wide' }, h('code', null, fault.words)),
        h('td', { 'data-label': 'Met', class: 'num' }, many(fault.met, 'request')),
        h('td', { class: 'buttons' }, h('button', { type: 'button', class: 'small', 'aria-label': `Remove ${fault.words}`, onclick: () => act(() => remove(`/faults/${fault.number}`), 'The fault is removed', refresh) }, 'Remove'))))))
      : h('p', { class: 'empty' }, 'Everything works. Choose what shall go wrong.'),
    h('div', { class: 'cards' }, READY.map(([name, words, text]) => h('button', { key: words, type: 'button', class: 'card', onclick: () => add(words) }, h('strong', null, name), h('code', null, words), h('span', { class: 'quiet' }, text)))),
    h('form', { class: 'line', onsubmit: write },
      h('label', null, 'In the words of a script', h('input', { name: 'words', required: true, class: 'mono', spellcheck: 'false', autocomplete: 'off', placeholder: 'close-after operation=DeleteMessage queue=jobs times=1' })),
      h('button', { type: 'submit' }, 'Add'))];
}
