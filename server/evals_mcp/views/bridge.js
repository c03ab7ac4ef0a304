// A view's side of MCP Apps (2026-01-26): JSON-RPC over postMessage with the host. It offers `window.evals`:
//   onDocument(listener)   listener(document, input) for each result of the tool that opened the view, with the tool's
//                          arguments. A result without a document is shown as its text, here.
//   callTool(name, args)   a promise of {document, text}; it rejects with an Error whose message is a sentence.
//   tell(text)             a promise; the chat's model reads the text with the next message.
//   onTheme(listener)      listener('light' or 'dark').
//   onClose(listener)      listener() before the host removes the view.
window.evals = (() => {
  'use strict';
  const KEY = 'evals-mcp/view', CLOSED = 'This view was closed.';
  const PATIENCE = 120000, UNANSWERED = 10000; // milliseconds
  const host = window.parent, root = document.documentElement;
  const waiting = new Map(), documentListeners = [], themeListeners = [], closeListeners = [];
  let nextId = 1, origin = null, closed = false, ready = false, abilities = {}, context = {};
  let input = {}, shown = null, seen = '', hasAsked = false, size = '';

  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const post = (message) => {
    if (!closed) host.postMessage({ jsonrpc: '2.0', ...message }, '*');
  };

  function request(method, params, patience) {
    if (closed || host === window) return Promise.reject(new Error(closed ? CLOSED : 'No host shows this view.'));
    const id = nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(id, null, 'The host did not answer. Try again.'), patience || PATIENCE);
      waiting.set(id, { resolve, reject, timer });
      post({ id, method, params });
    });
  }

  function settle(id, result, problem) {
    const call = waiting.get(id);
    if (!call) return; // an answer to nothing, or a second one
    waiting.delete(id);
    clearTimeout(call.timer);
    if (problem === null) call.resolve(result);
    else call.reject(new Error(problem));
  }

  function read(result) {
    const texts = Array.isArray(result.content) ? result.content.filter((part) => isObject(part) && part.type === 'text') : [];
    const data = isObject(result._meta) ? result._meta[KEY] : null;
    return {
      document: isObject(data) ? data : null,
      text: texts.map((part) => String(part.text)).join('\n'),
      isError: result.isError === true,
    };
  }

  function show(answer) {
    const { document: found, text, isError } = answer, before = document.getElementById('evals-text');
    if (before) before.remove();
    if (found && found.kind !== 'text') {
      const former = shown;
      shown = [found, input];
      try {
        for (const listener of documentListeners) listener(...shown);
        return;
      } catch {
        shown = former; // a document of another form than the view draws
      }
    }
    const words = document.createElement('pre');
    words.id = 'evals-text';
    words.dir = 'auto';
    words.setAttribute('role', isError ? 'alert' : 'status');
    words.style.whiteSpace = 'pre-wrap';
    words.textContent = text || 'The answer is empty.';
    (document.querySelector('main') || document.body).prepend(words);
  }

  const fail = (sentence) => show({ document: null, text: sentence, isError: true });

  async function showResult(result) {
    const answer = read(result);
    const tool = isObject(context.toolInfo) && isObject(context.toolInfo.tool) ? context.toolInfo.tool.name : null;
    if (answer.document || answer.isError || hasAsked || typeof tool !== 'string') return show(answer);
    hasAsked = true; // the host did not declare Apps to the server, or dropped the data
    try {
      show(await callTool(tool, input));
    } catch {
      show(answer);
    }
  }

  function dress(changes) {
    context = { ...context, ...changes };
    if (context.theme === 'dark' || context.theme === 'light') {
      root.dataset.theme = context.theme;
      root.style.colorScheme = context.theme;
      for (const listener of themeListeners) listener(context.theme);
    }
    const variables = isObject(context.styles) && isObject(context.styles.variables) ? context.styles.variables : {};
    for (const [name, value] of Object.entries(variables)) {
      // A value with an address would make the view load something.
      if (name.startsWith('--') && typeof value === 'string' && !/url\(|image\(|image-set\(/i.test(value)) root.style.setProperty(name, value);
    }
  }

  function tellSize() {
    if (!ready || closed) return;
    const width = window.innerWidth, height = Math.ceil(root.getBoundingClientRect().height);
    if (size === `${width} ${height}`) return;
    size = `${width} ${height}`;
    post({ method: 'ui/notifications/size-changed', params: { width, height } });
  }

  function close() {
    for (const listener of closeListeners.splice(0)) listener();
    for (const id of [...waiting.keys()]) settle(id, null, CLOSED);
    observer.disconnect();
  }

  function answer(id, method) {
    if (method === 'ui/resource-teardown') {
      close();
      post({ id, result: {} });
      closed = true;
    } else if (method === 'ping') post({ id, result: {} });
    else post({ id, error: { code: -32601, message: 'This view has no such method.' } });
  }

  function hear(method, params) {
    if (method === 'ui/notifications/tool-input') input = isObject(params.arguments) ? params.arguments : {};
    else if (method === 'ui/notifications/tool-result') {
      const text = JSON.stringify(params);
      if (text !== seen) showResult(params);
      seen = text;
    } else if (method === 'ui/notifications/tool-cancelled') fail('The call was cancelled, so there is nothing to show.');
    else if (method === 'ui/notifications/host-context-changed') dress(params);
  }

  window.addEventListener('message', (event) => {
    const message = event.data;
    if (closed || host === window || event.source !== host || !isObject(message) || message.jsonrpc !== '2.0') return;
    if (origin === null) origin = event.origin;
    if (event.origin !== origin) return;
    const { id, method } = message, params = isObject(message.params) ? message.params : {};
    const isNumbered = typeof id === 'string' || typeof id === 'number';
    if (typeof method === 'string') {
      if (isNumbered) answer(id, method);
      else if (id === undefined) hear(method, params);
    } else if (isNumbered && isObject(message.result) && message.error === undefined) settle(id, message.result, null);
    else if (isNumbered && isObject(message.error) && message.result === undefined) settle(id, null, String(message.error.message || 'The host refused.'));
  });

  async function callTool(name, args) {
    if (ready && !abilities.serverTools) throw new Error('This host does not let views call tools.');
    const answer = read(await request('tools/call', { name, arguments: args || {}, _meta: { [KEY]: true } }));
    if (answer.isError) throw new Error(answer.text.replace(/^Error: /, '') || 'The call failed.');
    return answer;
  }

  async function tell(text) {
    const content = [{ type: 'text', text: String(text) }];
    const takes = abilities.updateModelContext || abilities.message;
    if (ready && !takes) throw new Error('This host takes no text from views. Copy it into the chat.');
    const result = abilities.updateModelContext
      ? await request('ui/update-model-context', { content })
      : await request('ui/message', { role: 'user', content });
    if (result.isError === true) throw new Error('The host refused the text.');
  }

  async function connect() {
    if (host === window) return fail('This view is shown by a host of MCP Apps.');
    try {
      const params = { protocolVersion: '2026-01-26', appInfo: { name: 'evals-mcp', version: '1' }, appCapabilities: { availableDisplayModes: ['inline', 'fullscreen'] } };
      const found = await request('ui/initialize', params, UNANSWERED);
      abilities = isObject(found.hostCapabilities) ? found.hostCapabilities : {};
      dress(isObject(found.hostContext) ? found.hostContext : {});
    } catch (error) {
      return closed ? undefined : fail(`The host did not open this view: ${error.message}`);
    }
    ready = true;
    post({ method: 'ui/notifications/initialized', params: {} });
    tellSize();
  }

  const observer = new ResizeObserver(() => requestAnimationFrame(tellSize));
  observer.observe(root);
  queueMicrotask(connect);
  return Object.freeze({
    onDocument(listener) {
      documentListeners.push(listener);
      if (shown) listener(...shown);
    },
    onTheme(listener) {
      themeListeners.push(listener);
      if (root.dataset.theme) listener(root.dataset.theme);
    },
    onClose(listener) {
      closeListeners.push(listener);
    },
    callTool,
    tell,
  });
})();
