// While something on the page is under way, look again and put in what has changed.
const FIRST_MS = 1000;
const SLOWEST_MS = 8000;

function isInUse(part) {
  return part.contains(document.activeElement) && document.activeElement !== document.body
    || part.querySelector("details[open]") !== null
    || document.querySelector("dialog[open]") !== null;
}

function renew(found, changed) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = found.getElementById(part.id);
    if (fresh && fresh.outerHTML !== part.dataset.was && !isInUse(part)) {
      const copy = document.importNode(fresh, true);
      copy.dataset.was = fresh.outerHTML;
      part.replaceWith(copy);
      changed(copy);
    }
  }
}

export function watchStates(changed) {
  let wait = FIRST_MS;
  let isBusy = document.querySelector("[data-busy]") !== null;
  async function look() {
    if (document.visibilityState === "visible") {
      try {
        const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (reply.redirected || reply.status === 404) {
          location.reload();
          return;
        }
        if (reply.ok) {
          const found = new DOMParser().parseFromString(await reply.text(), "text/html");
          renew(found, changed);
          isBusy = found.querySelector("[data-busy]") !== null;
          if (!isBusy) document.querySelector("[data-busy]")?.remove();
        }
      } catch {
        // The cloud is away for a moment: look again later.
      }
    }
    wait = Math.min(wait * 1.25, SLOWEST_MS);
    if (isBusy) setTimeout(look, wait);
  }
  if (isBusy) setTimeout(look, wait);
}
