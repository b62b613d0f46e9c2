// What HTML cannot do alone. Everything here is an extra: each page works without it.
// No inline handlers, no eval: a strict Content-Security-Policy holds.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const page = document.documentElement;
const csrf = () => one("meta[name=csrf-token]")?.content ?? "";

export function say(text) {
  const toast = one("#toasts");
  (one("dialog:modal") ?? document.body).append(toast); // What is outside an open dialog is neither seen nor spoken.
  toast.textContent = "";
  setTimeout(() => (toast.textContent = text), 50); // A live region speaks when it changes, even to the same words.
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (toast.textContent = ""), 4000 + 60 * text.length);
}

// --- Theme: the form posts it where there is no script; with it, no reload is needed. -----------------------

function toggleTheme() {
  const now = page.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  const secure = location.protocol === "https:" ? ";secure" : "";
  page.dataset.theme = next;
  document.cookie = `theme=${next};path=/;max-age=31536000;samesite=lax${secure}`;
}

addEventListener("submit", (event) => {
  if (!event.target.matches("[data-theme-toggle]")) return;
  event.preventDefault();
  toggleTheme();
});

// --- Dialogs: commandfor, and the same for browsers that do not know it yet. --------------------------------

function open(dialog) {
  if (!dialog || dialog.matches(":modal")) return;
  dialog.removeAttribute("open");
  dialog.showModal();
}

if (!("commandForElement" in HTMLButtonElement.prototype)) {
  addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!dialog) return;
    if (button.getAttribute("command") === "show-modal") open(dialog);
    if (button.getAttribute("command") === "close") dialog.close();
  });
}

// A link to a plain page that has the same form as a dialog here: <a href="…/rotate/" data-dialog="rotate">.
addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  const dialog = link && document.getElementById(link.dataset.dialog);
  if (!dialog || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  open(dialog);
});

addEventListener("click", (event) => {
  if (event.target.matches("dialog:modal:not([data-keep])")) event.target.close(); // The backdrop.
});

// --- Copy, and canned reasons. ------------------------------------------------------------------------------

addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.classList.add("done");
    say(one("#toasts").dataset.copied);
  } catch {
    getSelection().selectAllChildren(source); // Not allowed to: leave it selected for the person's own copy.
  }
});

addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// A canned reason is text to edit, never a silent decision.
addEventListener("click", (event) => {
  const reason = event.target.closest("[data-insert]");
  const note = reason && one(reason.dataset.into ?? "textarea", reason.form ?? document);
  if (!note) return;
  note.value += (note.value && "\n") + reason.dataset.insert;
  note.dispatchEvent(new Event("input", { bubbles: true }));
  note.focus();
});

// --- Drafts: a form with data-autosave="address" is posted there, quietly, a second after the last key. ------

let draft;
let saving = null; // One at a time: two at once would each begin a draft.

async function saveDraft(form) {
  const status = one("[data-autosave-status]");
  const answer = await fetch(form.dataset.autosave, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-CSRFToken": csrf(), "X-Autosave": "1" },
  }).catch(() => null);
  const address = answer?.headers.get("X-Draft");
  // A new form becomes that draft: a reload opens it, and the next save goes on with it.
  if (address && form.elements.draft) {
    form.elements.draft.value = address.split("/").at(-3);
    history.replaceState(history.state, "", address);
  }
  if (status) status.textContent = answer?.ok ? status.dataset.saved : status.dataset.unsaved;
}

async function saveInTurn(form) {
  while (saving) await saving;
  saving = saveDraft(form).finally(() => (saving = null));
}

addEventListener("input", ({ target }) => {
  if (!target.form?.matches("[data-autosave]")) return;
  clearTimeout(draft);
  draft = setTimeout(saveInTurn, 1000, target.form);
});
addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-autosave]")) return;
  clearTimeout(draft);
  if (!saving) return;
  event.preventDefault();
  await saving;
  event.target.requestSubmit(event.submitter);
});

// --- htmx: the token goes with each of its requests, and a failure is said. ---------------------------------

addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf();
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  addEventListener(failure, ({ detail }) => {
    const answer = new DOMParser().parseFromString(detail.xhr?.responseText ?? "", "text/html");
    say(one("[role=alert]", answer)?.textContent.trim() || one("#toasts").dataset.failed);
  });
}

// --- The palette. -------------------------------------------------------------------------------------------

const palette = one("#palette");

// --- What the page itself can do now: its controls in sight that carry a key, but for the rows of a list. Choosing one
// --- does what its key does.

const controls = new Map();

function named(control) {
  const words = (control.labels?.[0] ?? control).cloneNode(true);
  for (const part of all("kbd, small, svg", words)) part.remove();
  const name = words.textContent.replace(/\s+/g, " ").trim();
  return control.type === "radio" ? `${name}…` : name; // It opens a form, like those that say so themselves.
}

function optionOf(control, index) {
  const option = one("template", palette).content.firstElementChild.cloneNode(true);
  const icon = one("svg", control.labels?.[0] ?? control);
  option.id = `palette-here-${index}`;
  if (icon) one("svg", option).replaceWith(icon.cloneNode(true));
  one("bdi", option).textContent = named(control);
  one("kbd", option).textContent = control.dataset.key.toUpperCase();
  return option;
}

function offerControls() {
  for (const option of controls.keys()) option.remove();
  controls.clear();
  const place = one("dialog:modal") ?? document;
  const found = all("[data-key]:not([data-rows] *, :disabled)", place).filter(inSight);
  found.forEach((control, index) => controls.set(optionOf(control, index), control));
  one("[role=listbox]", palette).prepend(...controls.keys());
}

function wirePalette() {
  const input = one("input", palette);
  const listed = () => all("[role=option]", palette);
  const shown = () => listed().filter((option) => !option.hidden);
  const pick = (chosen) => {
    for (const option of listed()) option.setAttribute("aria-selected", String(option === chosen));
    input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  };
  const filter = () => {
    const wanted = input.value.trim().toLowerCase();
    for (const option of listed()) option.hidden = !option.textContent.toLowerCase().includes(wanted);
    one(".palette-none", palette).hidden = shown().length > 0;
    pick(shown()[0]);
  };
  const run = (option) => {
    palette.close(); // The focus is back where it was, and goes on from there.
    if (controls.has(option)) use(controls.get(option));
    else if (option.dataset.does === "theme") toggleTheme();
    else location.href = option.dataset.href;
  };
  const move = (step) => {
    const list = shown();
    const at = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
    pick(list[(at + step + list.length) % list.length]);
  };
  palette.addEventListener("beforetoggle", ({ newState }) => { // "toggle" comes later, when something may be typed already.
    if (newState === "open") offerControls();
    input.value = "";
    filter();
  });
  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
    const chosen = one("[aria-selected=true]:not([hidden])", palette);
    if (event.key === "Enter" && chosen) {
      event.preventDefault();
      run(chosen);
    }
  });
  palette.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) run(option);
  });
}

// --- Keys. Pages name theirs in the markup: data-key="a" is pressed or focused, data-keys="g h" is gone to, and
// --- data-then="#id" is what comes after it, and has the focus. ---------------------------------------------------

// A field of a dialog that was just closed keeps the focus until the next frame, and is typed into no more.
const typing = (target) =>
  target
    .closest?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select, [contenteditable]")
    ?.checkVisibility();
const inDialog = () => one("dialog[open], [popover]:popover-open");

const inSight = (control) => control.checkVisibility({ visibilityProperty: true });

function press(key) {
  const found = all(`[data-key="${CSS.escape(key)}"]:not(:disabled)`).filter(inSight);
  const target = found[(found.indexOf(document.activeElement) + 1) % found.length]; // Pressed again, the other one.
  if (target) use(target);
  return Boolean(target);
}

function use(target) {
  // What sends a form is only focused: a key opens, it never commits.
  if (target.matches("input:is([type=radio], [type=checkbox]), a, summary, button:is([type=button], [popovertarget], [commandfor])")) target.click();
  enter((target.dataset.then && one(target.dataset.then)) || target);
}

// Where nobody has been yet, one goes on writing, not before what stands there.
function enter(target) {
  target.focus();
  if (target.matches("textarea") && !target.selectionEnd) target.setSelectionRange(target.value.length, target.value.length);
}

function leap(keys) {
  const entry = one(`[data-keys="${CSS.escape(keys)}"]`);
  if (entry) location.href = entry.dataset.href ?? entry.href;
  return Boolean(entry);
}

function move(step) {
  const rows = all("[data-rows] a.row");
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const row = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  row.click();
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  return true;
}

const find = () => {
  const field = one("main input[type=search]");
  field?.focus();
  return Boolean(field);
};
const single = { j: () => move(1), k: () => move(-1), "/": find, "?": () => (open(one("#keyboard")), true) };

let prefix = "";
let forget;

function onSingleKey(event) {
  if (page.dataset.singleKeys === "off" || typing(event.target) || inDialog()) return;
  const key = event.key.toLowerCase();
  const sequence = prefix && leap(`${prefix} ${key}`);
  clearTimeout(forget);
  prefix = key === "g" && !prefix ? "g" : "";
  forget = setTimeout(() => (prefix = ""), 900);
  if (sequence || prefix || single[key]?.() || press(key)) event.preventDefault();
}

// Pressed outside of any form: the one in sight whose button shows the key, else the only one in sight.
function meant() {
  const shown = all("form[data-submit-key]").filter((form) => form.checkVisibility());
  return shown.find((form) => one("kbd[data-mod='⏎']", form)) ?? (shown.length === 1 ? shown[0] : null);
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.repeat) return;
  if (!(event.metaKey || event.ctrlKey)) return onSingleKey(event);
  if (event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    open(palette);
  }
  if (event.key === "Enter") {
    const around = event.target.closest?.("form");
    const form = around ?? (inDialog() ? null : meant());
    if (form?.matches("[data-submit-key]")) form.requestSubmit(one("[data-submit]", form));
  }
});

// --- On arrival, of the page and of each part that htmx brings. ----------------------------------------------

function arrive(root) {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    for (const hint of all("kbd[data-mod]", root)) hint.textContent = `⌘${hint.dataset.mod}`;
  }
  for (const dialog of all("dialog[data-opened]", root)) open(dialog);
  one("[data-focus]", root)?.focus();
}

if (palette) wirePalette();
arrive(document);
addEventListener("htmx:afterSwap", (event) => arrive(event.detail.target));
if (location.hash.length > 1) open(document.getElementById(location.hash.slice(1))?.closest("dialog"));
