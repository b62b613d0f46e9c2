// What can be undone counts down, and goes once it is too late. Without script it stays, and the server says that it is
// too late.

function countDown(form) {
  const left = form.querySelector("[data-left]");
  const end = performance.now() + 1000 * Number(left.dataset.left);
  form.dataset.counting = "";
  const timer = setInterval(() => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    if (seconds > 0 && form.isConnected) {
      left.textContent = left.textContent.replace(/\d+/, seconds);
      return;
    }
    if (form.contains(document.activeElement)) return; // Nobody's focus is taken away.
    clearInterval(timer);
    form.remove();
  }, 1000);
}

function start() {
  document.querySelectorAll("[data-undo]:not([data-counting])").forEach(countDown);
}

// Another access request may have been opened in the page that stands.
addEventListener("htmx:afterSettle", start);
start();
