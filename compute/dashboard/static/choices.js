// The boxes of a form, all at once.
export function chooseEvery() {
  for (const every of document.querySelectorAll("[data-every]")) {
    every.closest("label").hidden = false;
    const boxes = every.closest("fieldset").querySelectorAll(".checks input");
    every.addEventListener("change", () => {
      for (const box of boxes) box.checked = every.checked;
    });
  }
}

// How many rows are checked, and all of those that are shown at once.
export function chooseRows(within) {
  for (const form of within.querySelectorAll("form.choose")) {
    const boxes = [...document.querySelectorAll(`input[form="${form.id}"]`)];
    const button = form.querySelector("button");
    const label = button.textContent;
    const all = form.querySelector("[data-all]");
    all.closest("label").hidden = false;
    const shown = () => boxes.filter((box) => !box.closest("tr").hidden);
    function count() {
      const chosen = boxes.filter((box) => box.checked).length;
      button.disabled = chosen === 0;
      button.textContent = chosen ? `${label} (${chosen})` : label;
      all.checked = chosen > 0 && shown().every((box) => box.checked);
      all.indeterminate = chosen > 0 && !all.checked;
    }
    all.addEventListener("change", () => {
      for (const box of shown()) box.checked = all.checked;
      count();
    });
    for (const box of boxes) box.addEventListener("change", count);
    // A page that comes back from the browser's memory has its boxes as they were.
    addEventListener("pageshow", count);
    count();
  }
}
