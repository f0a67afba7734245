// The console's own script: news, sound, keys, times, and replies that outlive a lost line. Pages work without it.
"use strict";
(() => {
  const body = document.body, live = document.getElementById("live"), problem = document.getElementById("problem");
  const page = () => document.getElementById("case");
  const caseId = () => page()?.dataset.case ?? "";
  const title = document.title;

  function show(text) {
    problem.textContent = text;
    problem.hidden = !text;
  }

  // Times in the reader's own zone and language.
  function times(root) {
    const lang = document.documentElement.lang;
    const both = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
    const ago = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
    for (const element of root.querySelectorAll("time")) {
      const at = new Date(element.dateTime);
      element.title = both.format(at);
      const minutes = Math.round((at - Date.now()) / 60000);
      if (!element.classList.contains("ago")) element.textContent = both.format(at);
      else if (Math.abs(minutes) < 120) element.textContent = ago.format(minutes, "minute");
      else if (Math.abs(minutes) < 2880) element.textContent = ago.format(Math.round(minutes / 60), "hour");
      else element.textContent = ago.format(Math.round(minutes / 1440), "day");
    }
    for (const zone of root.querySelectorAll("input.zone")) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  // What somebody is writing, by case and field; kept until it was sent, in this tab only.
  const draftName = (field) => `draft:${caseId()}:${field.id}`;
  function restore(root) {
    for (const field of root.querySelectorAll("textarea[id]")) {
      const kept = sessionStorage.getItem(draftName(field));
      if (kept && !field.value) field.value = kept;
    }
    const said = root.querySelector(".said");
    if (said) said.scrollTop = said.scrollHeight;
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[id]")) sessionStorage.setItem(draftName(event.target), event.target.value);
  });

  // A beep without a file: two short tones.
  let sounds = null;
  document.addEventListener("pointerdown", () => { sounds ??= new AudioContext(); }, { once: true });
  document.addEventListener("keydown", () => { sounds ??= new AudioContext(); }, { once: true });
  function alarm() {
    document.title = `(!) ${title}`;
    if (!sounds || body.dataset.sound !== "yes") return;
    for (const [start, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = sounds.createOscillator(), volume = sounds.createGain();
      tone.frequency.value = pitch;
      volume.gain.value = 0.2;
      tone.connect(volume).connect(sounds.destination);
      tone.start(sounds.currentTime + start);
      tone.stop(sounds.currentTime + start + 0.2);
    }
  }

  // News. A page that was cut off reads itself anew when the line is back.
  let lost = false;
  function listen() {
    const events = new EventSource("/events");
    events.addEventListener("ready", () => {
      live.textContent = live.dataset.live;
      live.classList.remove("lost");
      if (lost) news();
      lost = false;
    });
    events.addEventListener("case", (event) => {
      const told = JSON.parse(event.data);
      if (told.alarm) alarm();
      if (!caseId() || caseId() === told.case) news();
    });
    events.onerror = () => {
      lost = true;
      live.textContent = live.dataset.lost;
      live.classList.add("lost");
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    };
  }
  function news() {
    const at = document.activeElement;
    if (page() && at?.matches("#case input, #case select")) return setTimeout(news, 2000); // not under somebody's hands
    body.dispatchEvent(new Event("news"));
  }

  // Parts of the page that were exchanged: where the writer was, they still are.
  let cursor = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.requestConfig?.elt?.closest?.("form[data-form]");
    if (form && event.detail.xhr.status < 400) { // it was taken: nothing is left to keep
      for (const field of form.querySelectorAll("textarea[id]")) sessionStorage.removeItem(draftName(field));
      show("");
    }
    const at = document.activeElement;
    cursor = at?.matches("textarea[id]") ? { id: at.id, from: at.selectionStart, to: at.selectionEnd } : null;
    if (event.detail.xhr.status >= 400) {
      event.detail.shouldSwap = false;
      show(event.detail.xhr.responseText.slice(0, 500));
    }
  });
  document.addEventListener("htmx:afterSettle", () => {
    times(document);
    restore(document);
    const field = cursor && document.getElementById(cursor.id);
    if (field) { field.focus(); field.setSelectionRange(cursor.from, cursor.to); }
    const waiting = Number(document.getElementById("queue")?.dataset.danger ?? 0);
    if (waiting) document.title = `(${waiting}!) ${title.replace(/^\(\d+!\) /, "")}`;
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id === "queue") event.detail.path = location.pathname + location.search;
    if (event.detail.elt.id === "case") event.detail.path = location.pathname.replace(/^(\/cases\/[^/]+).*/, "$1") + location.search;
  });
  // The line is down: the text stays, and the very form (with its key, so that it counts once) is sent when it is back.
  let unsent = null;
  document.addEventListener("htmx:sendError", (event) => {
    const form = event.detail.elt.closest?.("form[data-form]");
    if (!form) return;
    unsent = form;
    show(document.getElementById("kept").dataset.text);
  });
  window.addEventListener("online", () => {
    const form = unsent;
    unsent = null;
    if (form?.isConnected) form.requestSubmit();
  });

  // Who else is looking.
  let typedAt = 0;
  document.addEventListener("input", (event) => { if (event.target.id === "reply") typedAt = Date.now(); });
  async function here() {
    if (!caseId() || document.hidden) return;
    const form = new URLSearchParams({ token: document.getElementById("kept").dataset.token, typing: Date.now() - typedAt < 8000 ? "1" : "0" });
    try {
      const answer = await fetch(`/cases/${caseId()}/here`, { method: "POST", body: form });
      const line = document.getElementById("presence");
      if (answer.ok && line) line.textContent = await answer.text();
    } catch { /* the line is down; the page says so already */ }
  }

  // Keys.
  function move(step) {
    const rows = [...document.querySelectorAll("a.row")];
    const now = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, now + step))]?.focus();
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      j: () => move(1),
      k: () => move(-1),
      r: () => document.getElementById("reply")?.focus(),
      c: () => document.querySelector("button[data-key=claim]")?.click(),
      "?": () => document.getElementById("help").showModal(),
    }[event.key];
    if (does) { event.preventDefault(); does(); }
  });

  times(document);
  restore(document);
  listen();
  here();
  setInterval(here, 5000);
  setInterval(() => times(document), 60000);
})();
