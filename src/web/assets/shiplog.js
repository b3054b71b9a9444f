// Times in the reader's zone, arrow keys on the timeline, and live updates of the list. Without it the pages show the
// same content.

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const two = (number) => String(number).padStart(2, '0');
const offsetMs = (date) => -date.getTimezoneOffset() * MINUTE_MS;

// ---- times

function zoneOf(date) {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
const clockOf = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/**
 * Any `2026-03-14 20:05:09 UTC` in a text of ours. Only the server writes this format: the text of a commit message is
 * left alone.
 */
const inZone = (text) =>
  text.replace(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC\b/g, (_, day, clock) => {
    const date = new Date(`${day}T${clock}Z`);
    return `${dayOf(date)} ${clockOf(date)} ${zoneOf(date)}`;
  });

function localize(root) {
  for (const element of root.querySelectorAll('.exact')) {
    const utc = element.textContent;
    const here = inZone(utc);
    if (here === utc) continue;
    element.textContent = here;
    element.title = utc;
  }
  for (const scale of root.querySelectorAll('.scale')) localizeScale(scale);
  for (const zone of document.querySelectorAll('.zone')) {
    zone.textContent = `times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
    zone.hidden = false;
  }
}

/** Moves the ticks from the hours and days of UTC to the reader's. */
function localizeScale(scale) {
  const { from, to } = scale.closest('[data-from]').dataset;
  const step = Number(scale.dataset.step);
  const ticks = scale.querySelectorAll('.tick');
  for (const tick of ticks) {
    const utc = Number(tick.dataset.at);
    let at = utc - (offsetMs(new Date(utc)) % step);
    // A tick that moved out at one end comes in at the other.
    if (at < Number(from)) at += ticks.length * step;
    else if (at > Number(to)) at -= ticks.length * step;
    const beyond = at < Number(from) || at > Number(to);
    tick.toggleAttribute('hidden', beyond);
    if (beyond) continue;
    const percent = (100 * (at - from)) / (to - from);
    const x = `${percent.toFixed(2)}%`;
    const [line, text] = tick.children;
    line.setAttribute('x1', x);
    line.setAttribute('x2', x);
    text.setAttribute('x', x);
    text.setAttribute('text-anchor', percent < 3 ? 'start' : percent > 97 ? 'end' : 'middle');
    text.textContent = tickLabel(new Date(at), step);
  }
}

function tickLabel(date, step) {
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (step < DAY_MS && !midnight) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  const year = step > 180 * DAY_MS ? { year: 'numeric' } : {};
  return date.toLocaleDateString('en', { month: 'short', day: 'numeric', ...year });
}

/** A mark's title is converted when the pointer comes near: there may be thousands. */
function localizeMark({ target }) {
  const title = target.closest?.('.mark')?.querySelector('title');
  if (title) title.textContent = inZone(title.textContent);
}

/** The fields hold the reader's time; the time that is sent has a zone. */
function localizeForm(form) {
  const fields = [...form.querySelectorAll('input[type="datetime-local"]')];
  for (const field of fields) {
    if (!field.value) continue;
    const date = new Date(`${field.value}Z`);
    field.value = `${dayOf(date)}T${clockOf(date)}`;
  }
  for (const label of form.querySelectorAll('.utc')) label.remove();
  form.addEventListener('formdata', ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === '') formData.delete(name); // a short address
    for (const { name, value } of fields) {
      const date = new Date(value);
      if (!Number.isNaN(date.getTime())) formData.set(name, date.toISOString());
    }
  });
}

/** On a telephone the changes come first: the fields are folded, and the summary names those in use. */
function foldFilters(details) {
  const narrow = matchMedia('(max-width: 46rem)');
  const fit = () => details.toggleAttribute('open', !narrow.matches);
  narrow.addEventListener('change', fit);
  fit();
}

/** A tooltip for a mark: the browser's own comes late, and never by keyboard. */
function showTip({ target }) {
  const mark = target.closest?.('.mark');
  const words = mark?.querySelector('title')?.textContent;
  if (!words) return hideTip();
  const tip = document.getElementById('tip') ?? document.body.appendChild(document.createElement('div'));
  tip.id = 'tip';
  tip.setAttribute('aria-hidden', 'true'); // the mark's own name says it
  tip.textContent = words;
  tip.hidden = false;
  const { left, right, top, bottom } = mark.getBoundingClientRect();
  const middle = (left + right) / 2 - tip.offsetWidth / 2;
  const above = top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(4, Math.min(middle, innerWidth - tip.offsetWidth - 4))}px`;
  tip.style.top = `${above < 4 ? bottom + 6 : above}px`;
}

/** A name or title that is cut is whole on hovering. */
function showWhole({ target }) {
  const link = target.closest?.('.changes a, .board a');
  if (!link || link.title) return;
  const isCut = [link, ...link.children].some(
    (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 2,
  );
  if (isCut) link.title = link.textContent.trim();
}

function hideTip() {
  document.getElementById('tip')?.setAttribute('hidden', '');
}

// ---- the timeline by keyboard

function walk(event) {
  const mark = event.target.closest?.('.mark');
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!mark || !step) return;
  const left = (one) => one.getBoundingClientRect().left;
  const marks = [...mark.closest('.picture').querySelectorAll('.mark')]
    .filter((one) => one.getBoundingClientRect().width > 0)
    .sort((a, b) => left(a) - left(b));
  const next = marks[marks.indexOf(mark) + step];
  if (!next) return;
  event.preventDefault();
  mark.setAttribute('tabindex', '-1');
  next.setAttribute('tabindex', '0');
  next.focus();
}

// ---- the list as it grows

const PARTS = ['total', 'span', 'drawn', 'list'];
/** The content of a row, without how long ago it was: changes of it are visible. */
const gist = (row) =>
  row.innerHTML.replace(/<time[\s\S]*?<\/time>/g, '').replace(/<td class="took">[\s\S]*?<\/td>/, '');

/** Leaves every unchanged row in its place, so that nothing flickers and the reader's position stays. */
function mergeRows(old, next) {
  const known = new Map([...old.rows].map((row) => [row.dataset.key, row]));
  const fresh = [...next.rows];
  const keep = fresh.map((row) => {
    const before = known.get(row.dataset.key);
    if (!before || gist(before) !== gist(row)) {
      if (!before) row.classList.add('new');
      return row;
    }
    for (const name of ['.when time', '.took']) before.querySelector(name)?.replaceWith(row.querySelector(name));
    return before;
  });
  const kept = new Set(keep);
  for (const row of [...old.rows]) if (!kept.has(row)) row.remove();
  keep.forEach((row, at) => {
    if (old.rows[at] !== row) old.insertBefore(row, old.rows[at] ?? null);
  });
}

function swap(fresh) {
  const focused = document.activeElement;
  const address = focused?.closest('#changes') && focused.getAttribute('href');
  for (const id of PARTS) {
    const old = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (!old || !next) continue;
    if (id === 'drawn' && old.querySelector('.mark:hover')) continue; // somebody is reading its tooltip
    localize(next);
    const [oldRows, nextRows] = [old.querySelector('tbody'), next.querySelector('tbody')];
    if (oldRows && nextRows) {
      mergeRows(oldRows, nextRows);
      old.querySelector('.pager')?.remove();
      const pager = next.querySelector('.pager');
      if (pager) old.append(pager);
    } else if (old.innerHTML !== next.innerHTML) old.replaceChildren(...next.childNodes);
  }
  // the first change replaces the empty page by another one
  if (!document.getElementById('list') && fresh.getElementById('list')) location.reload();
  if (address && !document.contains(focused)) {
    const again = document.querySelector(`#changes a[href="${CSS.escape(address)}"]`);
    again?.focus({ preventScroll: true });
  }
}

function follow(source, button) {
  let stream;
  let due = false;
  let busy = false;
  let paused = false;
  const show = (words) => {
    button.hidden = false;
    button.textContent = words;
    button.setAttribute('aria-pressed', String(!paused));
    button.title = paused ? 'Show what is new as it comes' : 'Stop showing what is new';
  };
  function load() {
    due = true;
    if (busy || paused || document.hidden) return;
    busy = true;
    due = false;
    const began = performance.now();
    void fetchAndSwap().finally(() => {
      // A busy bridge is asked less often: loading takes at most a fifth of the time.
      const restMs = Math.max(1_000, 4 * (performance.now() - began));
      setTimeout(() => {
        busy = false;
        if (due) load();
      }, restMs);
    });
  }
  async function fetchAndSwap() {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (answer.redirected) return location.reload(); // the session has ended
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if ((answer.ok || answer.status === 400) && !paused) swap(fresh); // 400: a part of the address could not be read
    } catch {
      // The bridge is away, which the button shows; the stream triggers the next load when it is back.
    }
  }
  function listen() {
    stream?.close();
    stream = undefined;
    // Browsers open few connections to one host: a hidden page leaves its own to others.
    if (paused || document.hidden) return;
    stream = new EventSource(source);
    let lost = false;
    stream.addEventListener('open', () => {
      show('live');
      if (lost) load();
      lost = false;
    });
    stream.addEventListener('error', () => {
      lost = true;
      const isOver = stream?.readyState === EventSource.CLOSED;
      show(isOver ? 'updates once a minute' : 'connecting');
      if (isOver) load(); // where the session is over, this leads to the login
    });
    stream.addEventListener('changes', load);
  }
  button.addEventListener('click', () => {
    paused = !paused;
    show(paused ? 'paused' : 'connecting');
    listen();
    if (!paused) load();
  });
  document.addEventListener('visibilitychange', () => {
    listen();
    if (!document.hidden) load();
  });
  // "3 min ago" gets old, and so does the right edge of the timeline.
  setInterval(() => {
    if (stream?.readyState === EventSource.CLOSED) listen();
    load();
  }, MINUTE_MS);
  listen();
}

/** "/" moves the focus to the search of the page, unless somebody is typing. */
function search(event) {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.('input, select, textarea')) return;
  const field = document.querySelector('input[type="search"]');
  if (!field) return;
  event.preventDefault();
  field.focus();
}

localize(document);
const form = document.getElementById('filters');
if (form) localizeForm(form);
for (const details of document.querySelectorAll('.facets')) foldFilters(details);
document.addEventListener('pointerover', localizeMark);
document.addEventListener('focusin', localizeMark);
document.addEventListener('pointerover', showWhole);
document.addEventListener('pointerover', showTip);
document.addEventListener('focusin', showTip);
document.addEventListener('focusout', hideTip);
document.addEventListener('scroll', hideTip, { passive: true, capture: true });
document.addEventListener('keydown', ({ key }) => key === 'Escape' && hideTip());
document.addEventListener('keydown', walk);
document.addEventListener('keydown', search);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof Element) localize(node);
}).observe(document.body, { childList: true, subtree: true });
const live = document.querySelector('[data-live]');
if (live) follow(live.dataset.live, document.getElementById('live') ?? document.createElement('button'));
