// Buttons that copy or save what is shown.
function say(button, text) {
  const before = button.textContent;
  button.textContent = text;
  setTimeout(() => { button.textContent = before; }, 1500);
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(button, "Copied");
  } catch {
    say(button, "Not allowed");
  }
}

function save(button) {
  const text = button.closest("section").querySelector("pre").textContent;
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: button.dataset.save });
  link.click();
  URL.revokeObjectURL(address);
}

export function offerCopies(within) {
  if (navigator.clipboard) {
    for (const button of within.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }
  for (const button of within.querySelectorAll("[data-save]")) {
    button.hidden = false;
    button.addEventListener("click", () => save(button));
  }
  for (const text of within.querySelectorAll("pre.tail")) text.scrollTop = text.scrollHeight;
}
