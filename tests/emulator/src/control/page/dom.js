// A view is a tree of `h`; `patch` makes the page equal to it and keeps what is there: focus, what was
// typed, where it was scrolled. Texts become text nodes, and never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element: its name, its attributes and listeners, and what is in it. */
export function h(tag, props, ...kids) {
  return { tag, props: props ?? {}, kids: kids.flat(Infinity).filter(some) };
}

function some(kid) {
  return kid !== null && kid !== undefined && kid !== false && kid !== '';
}

/** Makes what is in `parent` equal to `kids`. */
export function patch(parent, kids) {
  const named = new Map();
  const rest = [];
  for (const node of parent.childNodes) {
    const key = node.view?.props?.key;
    if (key !== undefined) named.set(key, node);
    else rest.push(node);
  }
  let at = parent.firstChild;
  for (const kid of [kids].flat(Infinity).filter(some)) {
    let node = find(kid, named, rest);
    if (node) update(node, kid);
    else node = make(kid, parent.namespaceURI);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  for (const node of [...named.values(), ...rest]) node.remove();
}

function find(kid, named, rest) {
  if (typeof kid !== 'object') {
    const index = rest.findIndex((node) => node.nodeType === Node.TEXT_NODE);
    return index < 0 ? null : rest.splice(index, 1)[0];
  }
  const { key } = kid.props;
  if (key !== undefined) {
    const node = named.get(key);
    if (node?.view.tag !== kid.tag) return null;
    named.delete(key);
    return node;
  }
  const index = rest.findIndex((node) => node.view?.tag === kid.tag);
  return index < 0 ? null : rest.splice(index, 1)[0];
}

function make(kid, space) {
  if (typeof kid !== 'object') return document.createTextNode(String(kid));
  const within = kid.tag === 'svg' ? SVG : space;
  const node = within === SVG ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
  node.view = { tag: kid.tag, props: {} };
  update(node, kid);
  return node;
}

function update(node, kid) {
  if (typeof kid !== 'object') {
    if (node.data !== String(kid)) node.data = String(kid);
    return;
  }
  const before = node.view.props;
  for (const name of Object.keys(before)) if (!(name in kid.props)) set(node, name, null, before[name]);
  for (const [name, value] of Object.entries(kid.props)) {
    if (before[name] !== value) set(node, name, value, before[name]);
  }
  node.view = kid;
  patch(node, kid.kids);
  // A choice of a list can be made only when the list is there.
  if (kid.tag === 'select' && before.value !== kid.props.value) node.value = kid.props.value;
}

function set(node, name, value, before) {
  if (name === 'key') return;
  if (name.startsWith('on')) {
    const event = name.slice(2).toLowerCase();
    if (before) node.removeEventListener(event, before);
    if (value) node.addEventListener(event, value);
  } else if (name === 'value' || name === 'checked' || name === 'open') {
    node[name] = value ?? (name === 'value' ? '' : false);
  } else if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value === true ? '' : value);
  }
}

/** Says something for a moment. */
export function toast(text, bad = false) {
  const place = document.getElementById('toast');
  place.textContent = text;
  place.className = bad ? 'shown bad' : 'shown';
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { place.className = ''; }, bad ? 8000 : 3000);
}

/** Copies a text, and says so. */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast('The browser does not let the page copy', true);
  }
}

/** A button that copies. */
export function copier(text, what) {
  return h('button', { type: 'button', class: 'small', onclick: () => copy(text, what) }, `Copy ${what}`);
}

/** Asks in a dialog; `fields` is a view, `act` gets the form when it is sent. */
export function ask({ title, fields, button, danger, act }) {
  const place = document.getElementById('dialogs');
  const close = () => { dialog.close(); };
  const send = async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const said = await act(new FormData(form), form);
      close();
      if (said) toast(said);
    } catch (error) {
      toast(error.message, true);
    }
  };
  patch(place, [h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => patch(place, []) },
    h('form', { onsubmit: send },
      h('h2', { id: 'dialog-title' }, title),
      fields,
      h('div', { class: 'buttons' },
        h('button', { type: 'button', onclick: close }, 'Cancel'),
        h('button', { type: 'submit', class: danger ? 'danger' : 'main' }, button))))]);
  const dialog = place.firstChild;
  dialog.showModal();
}
