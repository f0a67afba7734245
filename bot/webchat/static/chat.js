(function () {
  'use strict';
  var data = JSON.parse(document.getElementById('data').textContent);
  var words = data.words, box = sessionStorage, el = function (id) { return document.getElementById(id); };
  var log = el('log'), text = el('text'), line = el('line'), examples = el('examples');
  var key = box.getItem('safar.key'), mine = read('safar.mine', []), last = 0, seen = {}, gone = false, busy = false;

  function read(name, otherwise) {
    try { return JSON.parse(box.getItem(name)) || otherwise; } catch (e) { return otherwise; }
  }
  function keep() { if (!gone) { box.setItem('safar.mine', JSON.stringify(mine)); } }
  function api(method, path, body) {
    var headers = { 'Accept-Language': data.tag };
    if (key) { headers.Authorization = 'Bearer ' + key; }
    if (body) { headers['Content-Type'] = 'application/json'; }
    return fetch('/api/chat/' + path, { method: method, headers: headers, body: body && JSON.stringify(body), cache: 'no-store', keepalive: method === 'DELETE' });
  }
  function open() {
    if (key) { return Promise.resolve(); }
    return api('POST', 'conversations').then(function (r) {
      if (!r.ok) { throw new Error('again'); }
      return r.json();
    }).then(function (found) {
      if (gone) { throw new Error('left'); }
      key = found.key; box.setItem('safar.key', key); listen();
    });
  }

  // What is shown. Text is never read as HTML; numbers and addresses become links.
  var LINK = /(https?:\/\/[^\s)]+)|(\+?\d[\d ()-]{1,18}\d)/g, LETTER = /[A-Za-z]/;
  try { LETTER = new RegExp('\\p{L}', 'u'); } catch (e) { /* an old browser: as a literal it would stop the whole script */ }
  function isNumber(digits, before, after) {
    if (digits.length < 3 || /^(19|20)\d\d$/.test(digits) || /^(19|20)\d\d-?[01]\d-?[0-3]\d$/.test(digits)) { return false; }
    return !/[\d\/.,]/.test(before) && !LETTER.test(before) && !/[\/]/.test(after) && !LETTER.test(after);
  }
  function linked(into, plain) {
    var at = 0, m;
    LINK.lastIndex = 0;
    while ((m = LINK.exec(plain))) {
      var digits = m[2] && m[2].replace(/[^\d+]/g, '');
      if (m[2] && !isNumber(digits, plain.charAt(m.index - 1), plain.charAt(m.index + m[0].length))) { continue; }
      var shown = m[1] ? m[0].replace(/[.,;:!?'"\u060c\u061b\u061f\u0964]+$/, '') : m[0];
      into.appendChild(document.createTextNode(plain.slice(at, m.index)));
      var a = document.createElement('a');
      a.textContent = shown;
      a.dir = 'ltr';
      a.href = m[1] ? shown : 'tel:' + digits;
      if (m[1]) { a.rel = 'noopener noreferrer'; a.target = '_blank'; }
      into.appendChild(a);
      at = m.index + shown.length;
    }
    into.appendChild(document.createTextNode(plain.slice(at)));
  }
  function bubble(kind, who) {
    var node = document.createElement('div');
    node.className = 'bubble ' + kind;
    var name = document.createElement('span');
    name.className = 'sr';
    name.textContent = who + ': ';
    node.appendChild(name);
    examples.hidden = true;
    return node;
  }
  function toEnd() { window.scrollTo(0, document.body.scrollHeight); }
  function showMine(item) {
    var node = bubble('mine', words.you), state = document.createElement('span');
    var said = document.createElement('div');
    said.dir = 'auto';
    said.textContent = item.label || item.text;
    node.appendChild(said);
    state.className = 'state';
    node.appendChild(state);
    log.appendChild(node);
    item.show = function () {
      var word = item.done ? words.sent : item.bad ? words.failed : navigator.onLine ? words.sending : words.waiting;
      state.textContent = item.note || word;
      if (item.bad) { state.setAttribute('role', 'button'); state.tabIndex = 0; } else { state.removeAttribute('role'); state.removeAttribute('tabindex'); }
    };
    state.onclick = function () { if (item.bad) { item.bad = false; item.note = ''; item.show(); flush(); } };
    state.onkeydown = function (e) { if (e.key === 'Enter' || e.key === ' ') { state.onclick(); } };
    item.show();
  }
  function showReply(reply) {
    if (seen[reply.id] || gone) { return; }
    seen[reply.id] = true;
    last = Math.max(last, reply.id);
    var node = bubble(reply.urgent ? 'urgent' : '', words.safar);
    node.lang = reply.language;
    node.dir = reply.direction;
    if (reply.urgent) { var b = document.createElement('b'); b.textContent = words.urgent; node.appendChild(b); }
    linked(node, reply.text);
    log.appendChild(node);
    if (reply.buttons.length) {
      var row = document.createElement('div');
      row.className = 'choices';
      row.dir = reply.direction;
      reply.buttons.forEach(function (button) {
        var b = document.createElement('button');
        b.type = 'button';
        b.lang = reply.language;
        b.textContent = button.label;
        b.onclick = function () { say('', button); text.focus(); };
        row.appendChild(b);
      });
      log.appendChild(row);
    }
    toEnd();
  }

  // Sending: one after the other, each until it is stored; the id makes sure that a repeat is answered once.
  function say(plain, button) {
    var item = { id: unique(), text: plain, payload: button && button.payload, label: button && button.label, after: last };
    mine.push(item);
    keep();
    showMine(item);
    toEnd();
    flush();
  }
  function unique() {
    var bytes = new Uint8Array(16);
    crypto.getRandomValues(bytes);
    return Array.prototype.map.call(bytes, function (b) { return ('0' + b.toString(16)).slice(-2); }).join('');
  }
  function flush() {
    var item = mine.filter(function (one) { return !one.done && !one.bad; })[0];
    if (!item || busy || gone) { return; }
    busy = true;
    item.show();
    open().then(function () {
      return api('POST', 'messages', { id: item.id, text: item.text, payload: item.payload, locale: navigator.language });
    }).then(function (r) {
      if (r.ok) { item.done = true; return null; }
      if (r.status === 429 || r.status >= 500) { throw new Error('again'); }
      if (r.status === 401) { key = null; box.removeItem('safar.key'); throw new Error('again'); }
      item.bad = true;
      return r.json().then(function (told) { item.note = told.sentence; });
    }).then(function () { busy = false; keep(); item.show(); flush(); }, function () {
      busy = false;
      item.show();
      setTimeout(flush, 3000);
    });
  }

  // Replies: a stream where the browser can read one, otherwise one long question after the other.
  function listen() {
    if (!key || gone) { return; }
    var from = key;
    api('GET', 'events?after=' + last).then(function (r) {
      if (!r.ok || !r.body || !r.body.getReader) { throw new Error('no stream'); }
      var reader = r.body.getReader(), decoder = new TextDecoder(), rest = '';
      function more(part) {
        if (part.done) { throw new Error('ended'); }
        rest += decoder.decode(part.value, { stream: true }).replace(/\r/g, '');
        var events = rest.split('\n\n');
        rest = events.pop();
        events.forEach(function (event) {
          var found = event.split('\n').filter(function (l) { return l.indexOf('data: ') === 0; })[0];
          var told = found ? JSON.parse(found.slice(6)) : null;
          if (told && told.erased) { leave(); } else if (told) { showReply(told); }
        });
        return reader.read().then(more);
      }
      return reader.read().then(more);
    }).catch(function () { if (from === key) { setTimeout(ask, 1000); } });
  }
  function ask() {
    if (!key || gone) { return; }
    api('GET', 'messages?wait=20&after=' + last).then(function (r) { return r.json(); }).then(function (found) {
      if (found.erased) { leave(); return; }
      (found.replies || []).forEach(showReply);
      listen();
    }, function () { setTimeout(ask, 3000); });
  }

  // Leaving: the page is empty at once, even without a line; the server is told if there is one.
  function leave() {
    gone = true;
    var had = key;
    log.textContent = '';
    text.value = '';
    document.body.hidden = true;
    document.title = '';
    box.clear();
    if (had) { try { api('DELETE', 'conversation'); } catch (e) { /* nothing more can be done */ } }
    window.location.replace(data.exit);
  }
  var escapes = 0;
  document.addEventListener('keydown', function (e) {
    escapes = e.key === 'Escape' ? escapes + 1 : 0;
    if (escapes === 3) { leave(); }
  });
  el('exit').onclick = leave;
  window.addEventListener('pageshow', function (e) { if (e.persisted) { window.location.reload(); } });

  function lineChanged() {
    line.hidden = navigator.onLine && !line.textContent;
    line.textContent = navigator.onLine ? (line.textContent ? words.online : '') : words.offline;
    mine.forEach(function (item) { if (!item.done) { item.show(); } });
    if (navigator.onLine) { flush(); setTimeout(function () { if (navigator.onLine) { line.textContent = ''; line.hidden = true; } }, 4000); }
  }
  window.addEventListener('online', lineChanged);
  window.addEventListener('offline', lineChanged);

  el('form').onsubmit = function (e) {
    e.preventDefault();
    var plain = text.value.trim();
    if (plain) { say(plain); text.value = ''; size(); }
    text.focus();
  };
  text.onkeydown = function (e) { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); el('form').onsubmit(e); } };
  function size() { text.style.height = 'auto'; text.style.height = Math.min(text.scrollHeight + 2, 150) + 'px'; }
  text.oninput = size;
  Array.prototype.forEach.call(examples.querySelectorAll('button'), function (b) { b.onclick = function () { say(b.textContent); text.focus(); }; });
  el('language').onchange = function () { window.location.replace('/chat?lang=' + encodeURIComponent(this.value)); };

  // After a reload: what was said, in its order.
  if (key) {
    api('GET', 'messages?after=0').then(function (r) { return r.json(); }).then(function (found) {
      var replies = found.replies || [];
      mine.forEach(function (item) {
        replies.filter(function (reply) { return reply.id <= item.after; }).forEach(showReply);
        showMine(item);
      });
      replies.forEach(showReply);
      listen();
      flush();
    }, function () { mine.forEach(showMine); listen(); flush(); });
  } else {
    mine.forEach(showMine);
    flush();
  }
  if (!navigator.onLine) { lineChanged(); }
})();
