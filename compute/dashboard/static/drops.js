// Files and folders that are dropped on the page of a container go up at once.
import { uploadAll } from "./uploads.js";

const FILES_MAX = 1000;

// A folder is read some hundred entries at a time, until none come.
async function filesOf(entry, folder, found) {
  if (found.length >= FILES_MAX) return;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, folder });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const each of some) await filesOf(each, `${folder}${entry.name}/`, found);
  }
}

export function takeDrops() {
  const place = document.querySelector("[data-drop]");
  if (!place) return;
  place.hidden = false;
  const brings = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  function light(isOver) {
    place.classList.toggle("over", isOver);
  }
  addEventListener("dragenter", (event) => {
    if (brings(event)) light(++depth > 0);
  });
  addEventListener("dragleave", (event) => {
    if (brings(event)) light(--depth > 0);
  });
  addEventListener("dragover", (event) => {
    if (brings(event)) event.preventDefault();
  });
  addEventListener("drop", async (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    depth = 0;
    light(false);
    if (place.dataset.isBusy) return;
    place.dataset.isBusy = "yes";
    // What was dropped is readable until the first wait only.
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const dropped = items.map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
    const found = [];
    for (const [entry, file] of dropped) {
      if (entry) await filesOf(entry, "", found);
      else if (file) found.push({ file, folder: "" });
    }
    const files = found.map(({ file, folder }) => ({
      file, name: folder + file.name, values: { prefix: place.dataset.prefix + folder },
    }));
    const csrf = document.querySelector('meta[name="csrf"]').content;
    const went = await uploadAll(
      files, place.dataset.drop, csrf, place.querySelector(".uploads"));
    delete place.dataset.isBusy;
    if (went) location.reload();
  });
}
