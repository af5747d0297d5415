// A bar at the top while the next page is slow to come.
const PATIENCE_MS = 300;

export function showWaiting() {
  let timer = 0;
  // (A download leaves nothing: no page comes, and none goes.)
  addEventListener("beforeunload", () => {
    timer = setTimeout(() => document.body.classList.add("waiting"), PATIENCE_MS);
  });
  addEventListener("pageshow", () => {
    clearTimeout(timer);
    document.body.classList.remove("waiting");
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[href*='/download'], form[action$='/download']")) {
      setTimeout(() => {
        clearTimeout(timer);
        document.body.classList.remove("waiting");
      }, PATIENCE_MS * 10);
    }
  });
}
