// How to connect: the connection string, and a first program in each language.

import { get, post } from './api.js';
import { copier, h } from './dom.js';
import { sure } from './queues.js';

export const title = () => 'Connect';

export const load = () => get('/connect');

const PROGRAMS = {
  Python: (string) => `# pip install azure-storage-queue
from azure.storage.queue import QueueClient

queue = QueueClient.from_connection_string("${string}", "jobs")
queue.create_queue()
queue.send_message("resize 17.png")
for message in queue.receive_messages(visibility_timeout=30):
    print(message.content)
    queue.delete_message(message)
`,
  JavaScript: (string) => `// npm install @azure/storage-queue
import { QueueClient } from "@azure/storage-queue";

const queue = new QueueClient("${string}", "jobs");
await queue.createIfNotExists();
await queue.sendMessage("resize 17.png");
const { receivedMessageItems } = await queue.receiveMessages();
for (const message of receivedMessageItems) {
  console.log(message.messageText);
  await queue.deleteMessage(message.messageId, message.popReceipt);
}
`,
  '.NET': (string) => `// dotnet add package Azure.Storage.Queues
using Azure.Storage.Queues;

var queue = new QueueClient("${string}", "jobs");
queue.CreateIfNotExists();
queue.SendMessage("resize 17.png");
foreach (var message in queue.ReceiveMessages().Value)
{
    Console.WriteLine(message.MessageText);
    queue.DeleteMessage(message.MessageId, message.PopReceipt);
}
`,
  Rust: (string) => `// cargo add queue-client && cargo add tokio --features full
use queue_client::QueueServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = QueueServiceClient::from_connection_string("${string}")?;
    let queue = service.queue("jobs")?;
    queue.create().await?;
    queue.send("resize 17.png").await?;
    Ok(())
}
`,
  az: (string) => `export AZURE_STORAGE_CONNECTION_STRING="${string}"
az storage queue create --name jobs
az storage message put --queue-name jobs --content "resize 17.png"
az storage message get --queue-name jobs
`,
  azq: (string) => `export AZURE_STORAGE_CONNECTION_STRING="${string}"
azq create jobs
azq send jobs "resize 17.png"
azq peek jobs
`,
};

export function show({ accounts }, { state, draw, refresh }) {
  return [
    h('h1', null, 'Connect'),
    accounts.map((account) => strings(account)),
    program(accounts[0].connectionString, state, draw),
    h('section', null, h('h2', null, 'Control from tests'),
      h('p', null, 'Everything on this page can be done from a test in any language: ', h('a', { href: '/_emulator/openapi.json', target: '_blank', rel: 'noopener' }, 'the description in OpenAPI'), '.'),
      h('pre', { class: 'body', tabindex: '0', 'aria-label': 'example' }, `curl -d '{"advance":30}' ${location.origin}/_emulator/clock\ncurl -d '{"effect":"close-after","times":1}' ${location.origin}/_emulator/faults\ncurl ${location.origin}/_emulator/requests?status=4xx\ncurl -d '{}' ${location.origin}/_emulator/reset`)),
    h('section', null, h('h2', null, 'Start over'),
      h('p', null, 'All queues, messages, settings and faults go, and the clock shows the real time again.'),
      h('button', { type: 'button', class: 'danger', onclick: () => sure('Start over?', 'All queues and messages will be deleted.', 'Delete everything', () => post('/reset'), refresh) }, 'Delete everything'))];
}

function strings({ name, connectionString, published }) {
  return h('section', { key: name }, h('h2', null, name),
    h('pre', { class: 'body', tabindex: '0', 'aria-label': `connection string of ${name}` }, connectionString),
    h('div', { class: 'buttons' }, copier(connectionString, 'connection string'), published ? null : h('span', { class: 'quiet' }, 'The key of the account is not shown here.')));
}

function program(string, state, draw) {
  const chosen = state.language ?? 'Python';
  const text = PROGRAMS[chosen](string);
  return h('section', null, h('h2', null, 'A first program'),
    h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Language' }, Object.keys(PROGRAMS).map((name) => h('button', { key: name, type: 'button', role: 'tab', 'aria-selected': name === chosen ? 'true' : 'false', onclick: () => { state.language = name; draw(); } }, name))),
    h('pre', { class: 'body', tabindex: '0', 'aria-label': `a first program in ${chosen}` }, text),
    h('div', { class: 'buttons' }, copier(text, 'the program')));
}

/** What is shown when there is no queue yet. */
export function welcome({ accounts }) {
  const [account] = accounts;
  return h('section', { class: 'welcome' }, h('h2', null, 'There is no queue yet'),
    h('p', null, 'Start your program with this connection string. What it does is seen here as it happens.'),
    h('pre', { class: 'body', tabindex: '0', 'aria-label': 'connection string' }, account.connectionString),
    h('div', { class: 'buttons' }, copier(account.connectionString, 'connection string'), h('a', { class: 'button', href: '#/connect' }, 'A first program')));
}
