// "Are you sure?" in a dialog instead of on a page of its own.
export function askFirst() {
  const dialog = document.getElementById("question");
  if (!dialog || !dialog.showModal) return;

  function ask(text, yes) {
    dialog.querySelector("#question-text").textContent = text;
    dialog.returnValue = "no";
    dialog.onclose = () => dialog.returnValue === "yes" && yes();
    dialog.showModal();
  }

  function post(address) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = address;
    const values = {
      csrf: document.querySelector('meta[name="csrf"]').content,
      back: location.pathname + location.search,
    };
    for (const [name, value] of Object.entries(values)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-question]");
    if (!link) return;
    event.preventDefault();
    link.closest("details")?.removeAttribute("open");
    ask(link.dataset.question, () => post(link.dataset.post));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.question) {
      event.preventDefault();
      ask(form.dataset.question, () => form.submit());
      return;
    }
    // A second click would order twice.
    if (form.method === "post" && !event.defaultPrevented) {
      // Later: a button that is switched off would not say which one it was.
      setTimeout(() => {
        for (const button of form.querySelectorAll("button")) button.disabled = true;
      });
    }
  });
  // A page that comes back from the browser's memory can be used again.
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });
}
