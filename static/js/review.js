// The review desk: the phone's decision bar, the open row, and the list that keeps itself new. Everything here is an
// extra: without script the same links and forms load pages.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const plain = (event) => !(event.metaKey || event.ctrlKey || event.shiftKey);

// The bar's links load the page with the decision chosen; with script nothing needs to load, and what was typed stays.
addEventListener("click", (event) => {
  const link = event.target.closest("[data-choose]");
  const radio = link && one(`.decide [name=decision][value="${CSS.escape(link.dataset.choose)}"]`);
  if (!radio || !plain(event)) return;
  event.preventDefault();
  radio.click();
  (one(radio.dataset.then || null) ?? radio).focus({ preventScroll: true });
  one("#dec-h").scrollIntoView();
});

// --- The open row: marked as soon as it is chosen, so that J pressed twice goes two rows on. ---------------------

function mark(row) {
  for (const other of all("#list a.row[aria-current]")) other.removeAttribute("aria-current");
  for (const other of all("#list [data-key]")) delete other.dataset.key;
  if (!row) return;
  row.setAttribute("aria-current", "true");
  row.dataset.key = "o";
  const box = one(".pick", row.parentElement);
  if (box) box.dataset.key = "x";
}

addEventListener("click", (event) => {
  const row = event.target.closest("#list a.row");
  if (row && plain(event)) mark(row);
});
const markOpen = () => mark(document.getElementById(`row-${one("#detail")?.dataset.id}`) ?? one("#list a.row[aria-current]"));
addEventListener("htmx:historyRestore", markOpen);
markOpen();

// --- Esc leaves the field, so that the keys work again; what is typed stays. Once more closes what is open. ---------

const FIELD = "main :is(textarea, input:not([type=radio], [type=checkbox], [type=submit]))";

addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !field.matches?.(FIELD)) return;
  if (field.closest("dialog, [popover]")) return;
  event.preventDefault(); // A search field would be emptied.
  const around = field.closest(".drawer[open], .tool[open]");
  const row = one("#list a.row[aria-current]") ?? one("#list a.row");
  const place = around ? one("summary", around) : field.closest("#detail") ? one("#d-h") : row;
  field.blur();
  place?.focus({ preventScroll: !around });
});

// --- How many are selected for one decision. ----------------------------------------------------------------------

function count() {
  const place = one("[data-picked]");
  if (!place) return;
  const number = all(".pick:checked").length;
  place.textContent = number ? place.dataset.some.replace("#", number) : place.dataset.none;
}
addEventListener("change", (event) => event.target.matches(".pick") && count());
count();

// --- The list, asked for every few seconds. What has the focus is never moved, and nothing is taken from the pane
// --- of the open request: who was faster there is said beside what is typed.

const EVERY = 4000;
const LATER = 30000;

function refresh(old, row) {
  const [link, fresh] = [one("a.row", old), one("a.row", row)];
  if (link.innerHTML !== fresh.innerHTML) link.innerHTML = fresh.innerHTML;
  link.href = fresh.href;
}

function settle(list, wanted) {
  const stays = document.activeElement?.closest("#list > li") ?? one("#list > li:has(a.row[aria-current])");
  const at = stays ? [...list.children].indexOf(stays) : -1;
  const rows = wanted.map((row) => {
    const old = document.getElementById(row.id);
    if (old) refresh(old, row);
    return old ?? document.importNode(row, true);
  });
  if (stays && !rows.includes(stays)) rows.splice(Math.min(at, rows.length), 0, stays);
  for (const row of [...list.children]) {
    if (!rows.includes(row) && !row.contains(one("a.row[aria-current]"))) row.remove();
  }
  const middle = rows.indexOf(stays);
  rows.forEach((row, index) => {
    if (index < middle) stays.before(row);
    else if (index > middle) list.append(row);
    if (!row.hasAttribute("data-live-row")) window.htmx.process(row);
    row.setAttribute("data-live-row", "");
  });
}

// What came in leaves the list where it was read.
function keepingPlace(change) {
  const pane = one("#queue");
  const scroller = pane.scrollHeight > pane.clientHeight ? pane : document.scrollingElement;
  const top = Math.max(0, pane.getBoundingClientRect().top);
  const seen = all("#list > li").find((row) => row.getBoundingClientRect().top >= top);
  const before = seen?.getBoundingClientRect().top;
  change();
  if (seen?.isConnected) scroller.scrollTop += seen.getBoundingClientRect().top - before;
}

// --- The open request. What somebody types or reads there stays where it is on the screen, whatever comes above it.

const READ = "#detail :is(h1, h2, h3, p, li, dd, tr, textarea, fieldset)";

function scrollerOf(pane) {
  for (let at = pane; at; at = at.parentElement) {
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return document.scrollingElement;
}

function seenIn(scroller) {
  const place = (part) => part.getBoundingClientRect();
  const { top, bottom } = scroller === document.scrollingElement ? { top: 0, bottom: innerHeight } : place(scroller);
  const typing = document.activeElement;
  const inside = typing?.matches("#detail .pane *") && scroller.contains(typing);
  if (inside && place(typing).bottom > top && place(typing).top < bottom) return typing;
  return all(READ).find((part) => scroller.contains(part) && place(part).top >= top && place(part).top < bottom);
}

function keepingReading(change) {
  const scrollers = new Set(all("#detail > .pane").map(scrollerOf));
  const kept = [...scrollers].map((scroller) => [scroller, seenIn(scroller)]);
  const before = kept.map(([, seen]) => seen?.getBoundingClientRect().top);
  change();
  kept.forEach(([scroller, seen], index) => {
    if (seen?.isConnected) scroller.scrollTop += seen.getBoundingClientRect().top - before[index];
  });
}

// Where it is said that somebody wrote, a link leads to it, and takes no draft away.
addEventListener("click", (event) => {
  const link = event.target.closest("#standing a[href^='#']");
  const entry = link && document.getElementById(link.hash.slice(1));
  if (!entry || !plain(event)) return;
  event.preventDefault();
  one("#standing").replaceChildren();
  entry.tabIndex = -1;
  entry.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "nearest" });
});

// What became of an entry that is there already. Its element stays, with whatever in it has the focus.
function renew(entry) {
  const old = document.getElementById(entry.id);
  const links = (part) => all("a", part);
  const at = links(old).indexOf(document.activeElement);
  old.innerHTML = entry.innerHTML;
  old.dataset.mark = entry.dataset.mark;
  if (at < 0) return;
  old.tabIndex = -1;
  (links(old)[at] ?? old).focus({ preventScroll: true });
}

const isRenewed = (entry) => {
  const old = document.getElementById(entry.id);
  return old && "mark" in entry.dataset && old.dataset.mark !== entry.dataset.mark;
};

function tell(fresh) {
  const arrivals = one("#arrivals");
  const text = fresh.dataset.arrived ?? "";
  if (arrivals && text && arrivals.textContent !== text) {
    const link = document.createElement("a");
    link.href = arrivals.dataset.href;
    link.textContent = text;
    arrivals.replaceChildren(link);
  }
  const entries = all("[data-part=said] > li", fresh);
  const said = entries.filter(({ id }) => !document.getElementById(id));
  const renewed = entries.filter(isRenewed);
  const standing = one("[data-part=standing]", fresh);
  const place = one("#standing");
  keepingReading(() => {
    renewed.forEach(renew);
    one("#conversation .timeline")?.append(...said.map((entry) => document.importNode(entry, true)));
    // What the page had when it was made, or was told of before, is not said again.
    const news = standing && (said.length || renewed.length || "changed" in standing.dataset);
    if (news && place && place.innerHTML !== standing.innerHTML) place.innerHTML = standing.innerHTML;
  });
  if (standing) one("#detail").dataset.read = fresh.dataset.since;
}

function apply(fresh) {
  const tabs = all("#tabs a");
  all("[data-part=tabs] a", fresh).forEach((tab, index) => {
    if (tabs[index] && tabs[index].innerHTML !== tab.innerHTML) tabs[index].innerHTML = tab.innerHTML;
  });
  keepingPlace(() => {
    settle(one("#list"), all("[data-part=list] > li", fresh));
    const open = one("[data-part=open] > li", fresh);
    const old = open && document.getElementById(open.id);
    if (old) refresh(old, open);
    tell(fresh);
  });
  count();
  one("#queue").dataset.since = fresh.dataset.since;
}

// --- What was found out about the open request, as soon as it is there and nobody's focus is among it. One that takes
// --- too long is said to, once.

const gathered = { of: "", fresh: null, waits: null, from: 0 };

function showGathered() {
  const place = one("#signals");
  if (!place) return;
  const { id } = one("#detail").dataset;
  if (gathered.fresh && gathered.of === id && !place.contains(document.activeElement)) {
    keepingReading(() => {
      for (const part of ["[data-part=found]", "#signals-state"]) {
        one(part, place).innerHTML = one(part, gathered.fresh).innerHTML;
      }
    });
    place.dataset.mark = gathered.fresh.dataset.mark;
    place.toggleAttribute("data-waits", gathered.fresh.hasAttribute("data-waits"));
    gathered.fresh = null;
  }
  const waits = place.hasAttribute("data-waits") ? place : null;
  if (gathered.waits !== waits) Object.assign(gathered, { waits, from: performance.now() });
  if (waits && performance.now() - gathered.from > 1000 * Number(waits.dataset.patience)) {
    one("#signals-state", waits).textContent = waits.dataset.late;
    waits.removeAttribute("data-waits");
  }
}

async function ask(pane) {
  const { id = "", version = "", read = "" } = one("#detail")?.dataset ?? {};
  const signals = one("#signals")?.dataset.mark;
  const address = new URL(pane.dataset.live, location.href);
  const also = { since: pane.dataset.since, from: pane.dataset.from, open: id, version, read };
  if (signals !== undefined) also.signals = signals;
  for (const [name, value] of Object.entries(also)) address.searchParams.set(name, value);
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  if (answer.status !== 200) return true;
  const fresh = one("[data-since]", new DOMParser().parseFromString(await answer.text(), "text/html"));
  // Another request may have been opened, or the page left, while this was under way.
  if (fresh && pane.isConnected && (one("#detail")?.dataset.id ?? "") === id) {
    apply(fresh);
    const found = one("#signals", fresh);
    if (found) Object.assign(gathered, { of: id, fresh: found });
  }
  return true;
}

async function keepNew() {
  const pane = one("#queue[data-live]");
  const sign = one(".live");
  let well = true;
  if (pane && !document.hidden) {
    well = await ask(pane);
    showGathered();
    if (sign) sign.textContent = well ? sign.dataset.on : sign.dataset.off;
    sign?.toggleAttribute("data-away", !well);
  }
  setTimeout(keepNew, well ? EVERY : LATER);
}

setTimeout(keepNew, EVERY);
