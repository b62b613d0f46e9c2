// A drawer that opens takes the focus to its first field. And names after an @: a list to choose from, where the
// textarea's data-mentions names a datalist. Without script people type the name.

addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches?.(".drawer") || !target.open) return;
    for (const other of document.querySelectorAll(".drawer[open]")) if (other !== target) other.open = false;
    if (target.querySelector("[data-focus]")) return;
    target.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  },
  true,
);

addEventListener("keydown", (event) => {
  const drawer = event.key === "Escape" && event.target.closest?.(".drawer[open], .tool[open]");
  if (!drawer || event.defaultPrevented) return;
  drawer.open = false;
  drawer.querySelector("summary").focus();
});

let list = null;

const begun = (field) => field.value.slice(0, field.selectionStart).match(/(?:^|[^A-Za-z0-9_])[@＠]([^@＠\n]{0,40})$/);

function matching(field, start) {
  const names = [...document.getElementById(field.dataset.mentions).options].map((option) => option.value);
  const wanted = start.toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(wanted) && name.toLowerCase() !== wanted).slice(0, 6);
}

function close(field) {
  list?.remove();
  list = null;
  for (const name of ["aria-autocomplete", "aria-controls", "aria-activedescendant"]) field.removeAttribute(name);
}

function pick(field, index) {
  [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  field.setAttribute("aria-activedescendant", list.children[index].id);
}

function offer(field) {
  const found = begun(field);
  const names = found ? matching(field, found[1]) : [];
  close(field);
  if (!names.length) return;
  list = document.createElement("div");
  list.className = "names";
  list.id = "mentionable";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels[0].textContent);
  names.forEach((name, at) => {
    const option = document.createElement("div");
    option.id = `mentionable-${at}`;
    option.dir = "auto";
    option.setAttribute("role", "option");
    option.textContent = name;
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(field, name);
    });
    list.append(option);
  });
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  pick(field, 0);
  list.scrollIntoView({ block: "nearest" });
}

function choose(field, name) {
  const start = begun(field)[1];
  field.setRangeText(`${name} `, field.selectionStart - start.length, field.selectionStart, "end");
  close(field);
}

addEventListener("input", ({ target }) => {
  if (target.matches?.("[data-mentions]")) offer(target);
});
addEventListener("focusout", ({ target }) => {
  if (list && target.matches?.("[data-mentions]")) close(target);
});
addEventListener(
  "keydown",
  (event) => {
    const field = event.target;
    if (!list || event.isComposing || !field.matches?.("[data-mentions]")) return;
    const options = [...list.children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) pick(field, (at + step + options.length) % options.length);
    else if (event.key === "Escape") close(field);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") choose(field, options[at].textContent);
    else return;
    event.preventDefault();
  },
  true,
);
