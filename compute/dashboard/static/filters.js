// A slash goes to where one filters or searches.
export function goToFilter() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, dialog, .terminal")) return;
    const field = document.querySelector("main input[type=search]:not([hidden])");
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}

// Show only the rows that have the text.
export function filterRows(within) {
  for (const field of within.querySelectorAll("input[data-filter]")) {
    const section = field.closest("section");
    field.hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      for (const row of section.querySelectorAll("tbody tr")) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      section.querySelector(".none").hidden = shown > 0;
    });
  }
}
