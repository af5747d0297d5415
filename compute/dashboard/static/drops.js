// Files and folders that are dropped on the page of a container go up at once.
import { uploadAll } from "./uploads.js";

const FILES_MAX = 1000;

// A folder is read some hundred entries at a time, until none come.
async function take(entry, folder, taken) {
  if (taken.files.length >= FILES_MAX) {
    taken.isCut = true;
    return;
  }
  const unread = () => {
    taken.unread += 1;
    return null;
  };
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(unread())));
    if (file) taken.files.push({ file, folder });
    return;
  }
  const reader = entry.createReader();
  while (!taken.isCut) {
    const some = await new Promise((resolve) =>
      reader.readEntries(resolve, () => resolve(unread())));
    if (!some?.length) return;
    for (const each of some) await take(each, `${folder}${entry.name}/`, taken);
  }
}

// What of it stays behind, in words.
function missing(taken) {
  const said = [];
  if (taken.isCut) said.push(`Only ${FILES_MAX} files go up at once: drop the others again.`);
  if (taken.unread) said.push(`${taken.unread} could not be read and did not go up.`);
  return said.join(" ");
}

function say(shown, text) {
  const told = document.createElement("p");
  told.className = "error";
  told.textContent = text;
  shown.prepend(told);
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
    const taken = { files: [], isCut: false, unread: 0 };
    for (const [entry, file] of dropped) {
      if (entry) await take(entry, "", taken);
      else if (file) taken.files.push({ file, folder: "" });
    }
    const files = taken.files.map(({ file, folder }) => ({
      file, name: folder + file.name, values: { prefix: place.dataset.prefix + folder },
    }));
    const csrf = document.querySelector('meta[name="csrf"]').content;
    const shown = place.querySelector(".uploads");
    const went = await uploadAll(files, place.dataset.drop, csrf, shown);
    delete place.dataset.isBusy;
    const text = missing(taken);
    if (text) say(shown, text);
    else if (went) location.reload();
  });
}
