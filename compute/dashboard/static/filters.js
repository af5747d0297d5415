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
