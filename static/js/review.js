// The phone's decision bar: its links load the page with the decision chosen; with script nothing needs to load,
// and what was typed stays.

addEventListener("click", (event) => {
  const link = event.target.closest("[data-choose]");
  const radio = link && document.querySelector(`.decide [name=decision][value="${CSS.escape(link.dataset.choose)}"]`);
  if (!radio || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  radio.click();
  radio.focus();
  document.querySelector("#dec-h").scrollIntoView();
});
