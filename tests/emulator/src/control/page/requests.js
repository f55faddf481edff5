// The last requests, and one of them: what was checked, and why it was refused.

import { get, post, query } from './api.js';
import { copier, h, toast } from './dom.js';
import { ago, bytes, shown, span, stamp } from './text.js';

export const title = () => 'Requests';

export async function load(args, state) {
  const { queue = '', status = '', operation = '' } = state;
  return get(query('/requests', { limit: 200, queue: encodeURIComponent(queue.trim()), status, operation }));
}

const OPERATIONS = ['PutMessage', 'GetMessages', 'PeekMessages', 'UpdateMessage', 'DeleteMessage', 'ClearMessages', 'CreateQueue', 'DeleteQueue', 'ListQueues', 'GetQueueMetadata'];

export function show({ requests, recording, fromStart }, { state, now, refresh }) {
  const set = (name) => (event) => { state[name] = event.target.value; refresh(); };
  const choice = (name, label, values) => h('select', { 'aria-label': label, value: state[name] ?? '', onchange: set(name) }, values.map(([value, text]) => h('option', { value }, text)));
  return [
    h('div', { class: 'head' },
      h('h1', null, 'Requests'),
      h('span', { class: 'grow' }),
      h('input', { type: 'search', placeholder: 'Queue ( / )', 'aria-label': 'Queue', oninput: set('queue') }),
      choice('status', 'Status', [['', 'Every status'], ['2xx', '2xx: done'], ['4xx', '4xx: refused'], ['5xx', '5xx: failed'], ['403', '403'], ['404', '404'], ['409', '409'], ['lost', 'no answer']]),
      choice('operation', 'Operation', [['', 'Every operation'], ...OPERATIONS.map((name) => [name, name])])),
    requests.length ? h('table', { class: 'rows' },
      h('caption', { class: 'sr' }, 'The last requests, the newest first'),
      h('thead', null, h('tr', null, ['Status', 'Operation', 'Target', 'Client', 'Took', 'When'].map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', null, requests.map((request) => row(request, now))))
      : h('p', { class: 'empty' }, recording ? 'No request yet. Start a program with the connection string under Connect.' : 'Requests are not remembered.'),
    recording && !fromStart ? h('p', { class: 'quiet' }, 'Requests that succeeded are remembered since the page or the control interface was first used; with --record-requests, from the start.') : null];
}

function row(request, now) {
  return h('tr', { key: request.number },
    h('td', { 'data-label': 'Status' }, status(request)),
    h('td', { 'data-label': 'Operation' }, h('a', { class: 'open', href: `#/requests/${request.number}` }, request.operation ?? request.method)),
    h('td', { 'data-label': 'Target', class: 'wide' }, h('span', { class: 'mono clip', dir: 'ltr' }, shown(request.target))),
    h('td', { 'data-label': 'Client' }, h('span', { class: 'clip short' }, shown((request.userAgent ?? request.credential).split(' ')[0]))),
    h('td', { 'data-label': 'Took', class: 'num' }, took(request)),
    h('td', { 'data-label': 'When', class: 'num' }, ago(request.at, now)));
}

const took = ({ microseconds }) => (microseconds < 1000 ? `${microseconds} µs` : span(microseconds / 1e6));

function status(request) {
  const { code, lost, fault } = request;
  const number = request.status;
  const kind = lost ? 'warn' : number >= 400 ? 'bad' : 'visible';
  return h('span', null, h('span', { class: `chip ${kind}` }, lost ? 'no answer' : number), code ? [' ', h('span', { class: 'strong' }, code)] : null, fault ? [' ', h('span', { class: 'chip warn' }, `fault ${fault}`)] : null);
}

/** One request. */
export const one = {
  title: ({ rest }) => `Request ${rest[0]}`,

  load: ({ rest }) => get(`/requests/${rest[0]}`),

  show(request, { state, now, draw }) {
    const { refused, checks, advice, headers, stringToSign } = request;
    const fact = (name, value) => (value === null || value === undefined || value === '' ? null : [h('dt', null, name), h('dd', null, value)]);
    return [
      h('p', { class: 'crumbs' }, h('a', { href: '#/requests' }, 'Requests'), ' / '),
      h('div', { class: 'head' }, h('h1', null, `${request.operation ?? request.method} `, h('span', { class: 'quiet' }, `#${request.number}`)), status(request), h('span', { class: 'grow' }),
        copier(JSON.stringify(request, null, 2), 'as JSON')),
      refused ? h('section', { class: 'notice bad' },
        h('h2', null, 'Refused by the check “', refused.check, '”'),
        refused.reason ? h('p', null, shown(refused.reason)) : null,
        advice ? h('p', null, advice) : null,
        h('ol', { class: 'checks', 'aria-label': 'Checks in their order' }, checks.map((check) => h('li', { key: check.name, class: check.passed ? 'passed' : 'failed' },
          h('span', { 'aria-hidden': 'true' }, check.passed ? '✓' : '✕'), ' ', check.name, h('span', { class: 'sr' }, check.passed ? ' passed' : ' refused'))))) : null,
      request.lost && !refused ? h('section', { class: 'notice' }, request.fault ? `The fault ${request.fault} lost the answer: the client does not know what happened.` : 'The client went away before its answer.') : null,
      stringToSign ? signing(request, state, draw) : null,
      h('dl', { class: 'facts' },
        fact('Target', h('code', { dir: 'ltr' }, shown(`${request.method} ${request.target}`))),
        fact('Queue', request.queue ? h('a', { href: `#/queues/${request.queue}` }, request.queue) : null),
        fact('Message', request.message ? h('a', { href: `#/queues/${request.queue}/${request.message}` }, request.message) : null),
        fact('Credential', request.credential),
        fact('Client', [shown(request.userAgent ?? ''), ` from ${request.peer}`, request.https ? ' over TLS' : '']),
        fact('When', [stamp(request.at), ' ', h('span', { class: 'quiet' }, ago(request.at, now))]),
        fact('Took', took(request)),
        fact('Bodies', `${bytes(request.requestBytes)} asked, ${bytes(request.answerBytes)} answered`),
        fact('Request id', request.requestId ? h('code', null, request.requestId) : null),
        fact('Client’s id', request.clientRequestId ? h('code', null, request.clientRequestId) : null)),
      h('section', null, h('h2', null, 'Headers'),
        h('dl', { class: 'facts headers' }, headers.map(({ name, value }) => [h('dt', null, shown(name)), h('dd', { class: 'mono', dir: 'ltr' }, shown(value))])))];
  },
};

/** A string to sign with its ends of lines, and the place of the first difference. */
function escaped(text, at) {
  const show = (part) => part.split('\n').flatMap((line, index) => (index ? [h('span', { class: 'escape' }, '\\n'), '\n', ...shown(line)] : shown(line)));
  if (at === null || at === undefined) return show(text);
  const marked = text.slice(at, at + 1);
  return [...show(text.slice(0, at)), h('mark', null, marked === '\n' ? '\\n' : marked || '(end)'), ...(marked === '\n' ? ['\n'] : []), ...show(text.slice(at + 1))];
}

function signing({ number, stringToSign }, state, draw) {
  const { compared } = state;
  const compare = async (event) => {
    event.preventDefault();
    const theirs = new FormData(event.target).get('theirs');
    try {
      state.theirs = theirs;
      state.compared = await post(`/requests/${number}/compare`, { stringToSign: theirs });
      draw();
    } catch (error) {
      toast(error.message, true);
    }
  };
  return h('section', { class: 'signing' },
    h('h2', null, 'The string to sign'),
    h('div', { class: 'two' },
      h('div', null, h('h3', null, 'The emulator signed'), h('pre', { class: 'body', dir: 'ltr', tabindex: '0', 'aria-label': 'string to sign of the emulator' }, escaped(stringToSign, compared?.firstDifference)), copier(stringToSign, 'the string')),
      h('form', { onsubmit: compare }, h('h3', null, 'The client signed'),
        compared ? h('pre', { class: 'body', dir: 'ltr', tabindex: '0', 'aria-label': 'string to sign of the client' }, escaped(state.theirs, compared.firstDifference)) : null,
        h('textarea', { name: 'theirs', rows: 5, required: true, spellcheck: 'false', 'aria-label': 'String to sign of the client', placeholder: 'Paste what the SDK logs as its string to sign' }),
        h('button', { type: 'submit', class: 'main' }, 'Compare'))),
    compared ? h('p', { class: compared.equal ? 'notice good' : 'notice bad', role: 'status' }, compared.equal ? 'They are equal: the client signed with another key.' : shown(compared.difference)) : null);
}
