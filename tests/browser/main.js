// The page in a real browser: every view and action, live updates, keyboard, dark mode, 400 pixels,
// hostile texts, and other sites; then the JavaScript SDK as a page of another origin.
//
// `cargo xtask browser` starts it beside an emulator and tells it where everything is.

'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { createRequire } = require('node:module');

const packages = createRequire(path.join(process.env.BROWSER_PACKAGES, 'package.json'));
const { chromium } = packages('playwright-core');
const esbuild = packages('esbuild');
const sdk = packages('@azure/storage-queue');

const CONTROL = process.env.QUEUE_EMULATOR_CONTROL_URL;
const PAGE = CONTROL.replace(/_emulator$/, '');
const CONNECTION = process.env.AZURE_STORAGE_CONNECTION_STRING;
const PICTURES = process.env.BROWSER_PICTURES;
// The machine may be slow: what is waited for comes at once on others.
const PATIENCE = 60_000;

const client = (name) => sdk.QueueServiceClient.fromConnectionString(CONNECTION, {
  retryOptions: { maxTries: 1 }, userAgentOptions: { userAgentPrefix: name },
});

async function control(method, target, body) {
  const answer = await fetch(CONTROL + target, {
    method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert(answer.ok, `${method} ${target}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

const HOSTILE = [
  '<img src=x onerror="document.title=\'owned\'">',
  '</script><script>document.title="owned"</script>',
  '\u202eevil\u200b\u2066 text',
  'x'.repeat(60_000),
  // Control characters travel in base64 alone: XML cannot carry them.
  Buffer.from('bell \u0007 and escape \u001b[31m').toString('base64'),
  'aGVsbG8=broken',
  '['.repeat(5000) + ']'.repeat(5000),
  '{"a":{"b":"<b>bold</b>"}}',
];

/** A message that came three times, with everything that can happen on the way. */
async function story() {
  const [web, one, two] = ['shop-web/4.2', 'worker-a/1.7', 'worker-b/1.7'].map(client);
  for (const name of ['orders', 'orders-poison', 'thumbnails']) await web.getQueueClient(name).createIfNotExists();
  const orders = (service) => service.getQueueClient('orders');
  const order = { order: 4711, customer: { name: 'Ada', city: 'Köln' }, items: [{ sku: 'A-17', count: 2 }], express: true };
  await orders(web).sendMessage(JSON.stringify(order));
  const first = (await orders(one).receiveMessages()).receivedMessageItems[0];
  await control('POST', '/clock', { advance: 42 });
  const second = (await orders(two).receiveMessages()).receivedMessageItems[0];
  await control('POST', '/clock', { advance: 6 });
  await assert.rejects(orders(one).deleteMessage(first.messageId, first.popReceipt), { statusCode: 404 });
  await control('POST', '/clock', { advance: 8 });
  await orders(two).updateMessage(second.messageId, second.popReceipt, undefined, 45);
  await control('POST', '/clock', { advance: 60 });
  await orders(one).receiveMessages({ visibilityTimeout: 3600 });
  for (let number = 0; number < 12; number += 1) {
    await web.getQueueClient('thumbnails').sendMessage(`resize ${number}.png`, number % 4 ? {} : { visibilityTimeout: 3600 });
  }
  await web.getQueueClient('thumbnails').receiveMessages({ numberOfMessages: 3, visibilityTimeout: 3600 });
  await web.getQueueClient('orders-poison').sendMessage('{"order":99}');
  const wrong = sdk.QueueServiceClient.fromConnectionString(CONNECTION.replace('AccountKey=E', 'AccountKey=F'), { retryOptions: { maxTries: 1 } });
  await assert.rejects(wrong.getQueueClient('orders').sendMessage('x'), { statusCode: 403 });
  return first.messageId;
}

const cases = [];
const test = (name, run) => cases.push([name, run]);

/** A page that fails the test if anything is said on its console. */
async function open(browser, hash = '', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 860 }, colorScheme: 'light', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.said = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) page.said.push(message.text()); });
  page.on('pageerror', (error) => page.said.push(String(error)));
  await page.goto(PAGE + hash);
  await page.locator('main h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('main').textContent.includes('One moment'), null, { timeout: PATIENCE });
  return page;
}

async function done(page) {
  assert.deepStrictEqual(page.said, [], 'the console is silent');
  await page.context().close();
}

const picture = (page, name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });

test('the empty page says how to connect', async (browser) => {
  await control('POST', '/reset', {});
  const page = await open(browser);
  await page.getByText('There is no queue yet').waitFor();
  assert((await page.locator('main pre').textContent()).includes('AccountKey='));
  await done(page);
});

test('queues are made, filled and deleted by keyboard and mouse', async (browser) => {
  const page = await open(browser);
  await page.getByRole('button', { name: 'New queue' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Name').fill('jobs');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'jobs' }).click();
  await page.getByRole('button', { name: 'Send a message' }).click();
  await page.getByLabel('Text', { exact: true }).fill('{"hello":"world"}');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('{"hello":"world"}').waitFor();
  // What a program does is seen without a click.
  await client('program/1').getQueueClient('jobs').receiveMessages({ visibilityTimeout: 900 });
  await page.getByText('visible again in').waitFor();
  await page.getByRole('button', { name: 'Make message' }).click();
  await page.locator('tbody .chip.visible').waitFor();
  await page.locator('tbody a.open').click();
  await page.getByText('delivery 1').first().waitFor();
  await page.getByRole('button', { name: 'Move or copy' }).click();
  await page.getByLabel('To the queue').fill('jobs');
  await page.getByRole('button', { name: 'Do it' }).click();
  await page.getByText('nobody has received it yet').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.locator('.chip', { hasText: 'gone' }).waitFor();
  await page.goto(`${PAGE}#/queues`);
  await page.getByRole('button', { name: 'Delete jobs' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('There is no queue yet').waitFor();
  await done(page);
});

test('the life of a message says why it came again', async (browser) => {
  await control('POST', '/reset', {});
  const id = await story();
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(browser, `#/queues/orders/${id}`, { colorScheme });
    await page.getByText('worker-a/1.7 had it for 30 s and neither deleted nor renewed it.').waitFor();
    await page.getByText('its receipt had died when the message was delivered to worker-b/1.7').first().waitFor();
    assert.strictEqual(await page.locator('.event.refused').count(), 1);
    assert.strictEqual(await page.locator('.event.received').count(), 3);
    assert((await page.locator('.tree').textContent()).includes('Ada'));
    await picture(page, `message-${colorScheme}`);
    await page.goto(`${PAGE}#/queues`);
    await page.getByRole('link', { name: 'thumbnails' }).waitFor();
    await picture(page, `queues-${colorScheme}`);
    await done(page);
  }
});

test('requests are filtered, and a refused one is explained', async (browser) => {
  const page = await open(browser, '#/requests');
  await page.getByLabel('Status').selectOption('403');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1, null, { timeout: PATIENCE });
  await page.locator('tbody a.open').click();
  await page.getByText('the signature does not fit the request').waitFor();
  const ours = (await page.locator('pre').first().textContent()).replaceAll('\\n\n', '\n');
  await page.getByLabel('String to sign of the client', { exact: true }).fill(ours.replace('POST', 'PUT'));
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.locator('section.signing [role=status]').waitFor();
  assert.strictEqual(await page.locator('mark').count(), 2);
  await picture(page, 'refused');
  await done(page);
});

test('the clock moves, and faults come and go', async (browser) => {
  const page = await open(browser, '#/clock');
  await page.getByRole('button', { name: '+30 s' }).click();
  await page.getByText('+30 s passed').waitFor();
  await page.getByRole('button', { name: 'Go there' }).first().click();
  await page.getByText('A message is visible').waitFor();
  await page.getByRole('link', { name: 'Faults' }).click();
  await page.getByRole('button', { name: 'Lose the next answer' }).click();
  await page.locator('tbody code', { hasText: 'close-after times=1' }).waitFor();
  await assert.rejects(client('unlucky/1').getQueueClient('orders').sendMessage('lost'));
  await page.getByText('1 request', { exact: true }).waitFor();
  await page.getByLabel('In the words of a script').fill('explode');
  await page.keyboard.press('Enter');
  await page.locator('#toast.bad', { hasText: 'must be drop' }).waitFor();
  await page.getByRole('button', { name: 'Remove all' }).click();
  await page.getByText('Everything works').waitFor();
  await page.getByRole('link', { name: 'Connect' }).click();
  for (const name of ['JavaScript', '.NET', 'Rust', 'az', 'azq']) await page.getByRole('tab', { name, exact: true }).click();
  // The refusal of the fault is the page's own request.
  page.said = page.said.filter((text) => !text.includes('400'));
  await done(page);
});

test('hostile texts are texts', async (browser) => {
  const queue = client('stranger/1').getQueueClient('hostile');
  await queue.createIfNotExists();
  const agents = sdk.QueueServiceClient.fromConnectionString(CONNECTION, { retryOptions: { maxTries: 1 }, userAgentOptions: { userAgentPrefix: '<b>bold</b>' } });
  for (const text of HOSTILE) {
    await control('POST', '/queues/hostile/messages', { text });
  }
  await agents.getQueueClient('hostile').receiveMessages({ numberOfMessages: 32, visibilityTimeout: 900 });
  const { messages } = await control('GET', '/queues/hostile/messages');
  assert.strictEqual(messages.length, HOSTILE.length);
  const page = await open(browser, '#/queues/hostile');
  const harmless = async () => {
    assert.strictEqual(await page.locator('main img, main script, main b, main iframe').count(), 0);
    assert(!(await page.title()).includes('owned'));
    const wide = await page.evaluate(() => {
      const room = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= room) return [];
      return [...document.querySelectorAll('body *')].filter((node) => node.getBoundingClientRect().right > room).map((node) => `${node.tagName}.${node.getAttribute('class')}`).slice(0, 8);
    });
    assert.deepStrictEqual(wide, [], 'nothing is wider than the page');
  };
  await page.locator('tbody tr').nth(HOSTILE.length - 1).waitFor();
  await harmless();
  assert((await page.locator('tbody').textContent()).includes('\\u202e'), 'marks are shown');
  for (const { id } of messages) {
    await page.goto(`${PAGE}#/queues/hostile/${id}`);
    await page.locator('main h1', { hasText: id }).waitFor();
    await page.locator('.body').first().waitFor();
    await harmless();
  }
  await page.goto(`${PAGE}#/requests`);
  await page.locator('tbody tr').first().waitFor();
  await harmless();
  await done(page);
});

test('400 pixels and large text are enough', async (browser) => {
  const { messages: [{ id }] } = await control('GET', '/queues/orders/messages');
  const page = await open(browser, '', { viewport: { width: 400, height: 800 } });
  for (const view of ['queues', 'queues/orders', 'queues/thumbnails', `queues/orders/${id}`, 'requests', 'clock', 'faults', 'connect']) {
    await page.goto(`${PAGE}#/${view}`);
    await page.waitForFunction((hash) => location.hash === hash && document.querySelector('main h1') && !document.querySelector('main').textContent.includes('One moment'), `#/${view}`, { timeout: PATIENCE });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(wide <= 0, `${view} is ${wide} pixels too wide`);
    await picture(page, `narrow-${view.split('/').slice(0, 2).join('-')}`);
  }
  await done(page);
});

test('every view is accessible', async (browser) => {
  const axe = fs.readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8');
  const { messages: [{ id }] } = await control('GET', '/queues/orders/messages');
  const { requests: [{ number }] } = await control('GET', '/requests?status=403');
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(browser, '', { colorScheme, bypassCSP: true });
    await page.evaluate(axe);
    for (const view of ['queues', 'queues/thumbnails', `queues/orders/${id}`, 'requests', `requests/${number}`, 'clock', 'faults', 'connect']) {
      await page.evaluate((hash) => { location.hash = hash; }, `#/${view}`);
      await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('main').textContent.includes('One moment'), null, { timeout: PATIENCE });
      const { violations } = await page.evaluate(() => window.axe.run());
      const told = violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
      found.push(...told.map((text) => `${view}, ${colorScheme}: ${text}`));
    }
    await page.context().close();
  }
  assert.deepStrictEqual(found, []);
});

/** A site of another origin, with these files. */
async function site(files) {
  const server = http.createServer((request, response) => {
    const found = files[request.url.split('?')[0]];
    response.writeHead(found ? 200 : 404, { 'content-type': request.url.endsWith('.js') ? 'text/javascript' : 'text/html' });
    response.end(found ?? '');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

test('another site reads and changes nothing, and cannot frame the page', async (browser) => {
  const other = await site({ '/': '<!doctype html><title>other</title>' });
  const page = await (await browser.newContext()).newPage();
  await page.goto(other.url);
  const outcome = await page.evaluate(async ([target, root]) => {
    const attempt = async (url, options) => {
      try {
        const answer = await fetch(url, options);
        return answer.type === 'opaque' ? 'opaque' : `read ${answer.status}`;
      } catch {
        return 'refused';
      }
    };
    const stream = await new Promise((resolve) => {
      const source = new EventSource(`${root}/events`);
      source.onopen = () => resolve('read');
      source.onerror = () => { source.close(); resolve('refused'); };
    });
    const frame = document.createElement('iframe');
    frame.src = target;
    document.body.append(frame);
    await new Promise((resolve) => { frame.onload = resolve; });
    return {
      read: await attempt(`${root}/queues`),
      change: await attempt(`${root}/reset`, { method: 'POST', body: '{}' }),
      json: await attempt(`${root}/reset`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
      blind: await attempt(`${root}/reset`, { method: 'POST', body: '{}', mode: 'no-cors' }),
      stream,
      frames: frame.contentDocument === null,
    };
  }, [PAGE, CONTROL]);
  assert.strictEqual(outcome.read, 'refused');
  assert.strictEqual(outcome.change, 'refused');
  assert.strictEqual(outcome.json, 'refused');
  assert.strictEqual(outcome.stream, 'refused');
  const framed = page.frames().slice(1);
  for (const frame of framed) assert.strictEqual(await frame.locator('main').count(), 0, 'the page is not framed');
  assert((await control('GET', '/queues')).total > 0, 'nothing was reset');
  await page.context().close();
  other.close();
});

test('the SDK in a page of another origin obeys the rules of CORS', async (browser) => {
  const service = client('owner/1');
  await service.getQueueClient('browser').createIfNotExists();
  const until = new Date(Date.now() + 3_600_000);
  const sas = service.generateAccountSasUrl(until, sdk.AccountSASPermissions.parse('rwdlacup'), 'sco');
  const bundle = await esbuild.build({
    stdin: {
      contents: `import { QueueServiceClient } from '@azure/storage-queue';
        window.attempt = async (url) => {
          const queue = new QueueServiceClient(url, undefined, { retryOptions: { maxTries: 1 } }).getQueueClient('browser');
          await queue.sendMessage('from a browser');
          const { receivedMessageItems: [message] } = await queue.receiveMessages();
          await queue.deleteMessage(message.messageId, message.popReceipt);
          return message.messageText;
        };`,
      resolveDir: process.env.BROWSER_PACKAGES,
    },
    bundle: true, write: false, format: 'iife', platform: 'browser', logLevel: 'error',
  });
  const other = await site({ '/': '<!doctype html><title>client</title><script src="/client.js"></script>', '/client.js': bundle.outputFiles[0].text });
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(other.url);
  await page.waitForFunction(() => window.attempt, null, { timeout: PATIENCE });
  const attempt = () => page.evaluate((url) => window.attempt(url).catch((error) => `refused: ${error.message}`), sas);
  await service.setProperties({ cors: [] });
  assert.match(await attempt(), /^refused/);
  const origin = new URL(other.url).origin;
  const rule = { allowedOrigins: origin, allowedMethods: 'GET,PUT,POST,DELETE', allowedHeaders: '*', exposedHeaders: '*', maxAgeInSeconds: 0 };
  await service.setProperties({ cors: [rule] });
  assert.strictEqual(await attempt(), 'from a browser');
  await service.setProperties({ cors: [{ ...rule, allowedOrigins: 'http://elsewhere.example' }] });
  assert.match(await attempt(), /^refused/);
  await page.context().close();
  other.close();
});

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.BROWSER_PROGRAM, timeout: PATIENCE * 2, args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  console.log(`Chromium ${browser.version()}`);
  let failed = 0;
  for (const [name, run] of cases) {
    const begun = Date.now();
    try {
      await run(browser);
      console.log(`ok      ${name} (${Date.now() - begun} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  await browser.close();
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

main();
