// The undo bar counts down, and goes once it is too late. Without script it stays, and the server says that it is too late.

const bar = document.querySelector("[data-undo]");
const left = bar?.querySelector("[data-left]");

if (left) {
  const end = performance.now() + 1000 * Number(left.dataset.left);
  const timer = setInterval(() => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    if (seconds > 0) {
      left.textContent = left.textContent.replace(/\d+/, seconds);
      return;
    }
    if (bar.contains(document.activeElement)) return; // Nobody's focus is taken away.
    clearInterval(timer);
    bar.remove();
  }, 1000);
}
