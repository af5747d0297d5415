// Files one after the other, each with its progress; bare bytes, never held whole.
function send(address, file, csrf, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress.value = event.loaded / Math.max(event.total, 1);
    };
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => resolve({ status: 0, text: "" });
    request.send(file);
  });
}

function sentence(answer) {
  try {
    return JSON.parse(answer.text);
  } catch {
    return { text: answer.status ? `It was not taken (${answer.status}).` : "The connection broke." };
  }
}

function line(shown, name) {
  const place = document.createElement("div");
  const label = document.createElement("p");
  const told = document.createElement("bdi");
  const state = document.createElement("span");
  const progress = document.createElement("progress");
  told.textContent = name;
  state.textContent = "waiting…";
  progress.setAttribute("aria-label", name);
  progress.value = 0;
  label.append(told, state);
  place.append(label, progress);
  shown.append(place);
  return { state, progress };
}

// Each of `files` has a file, a name to show and what is sent beside it.  The page to go
// on to, or "" where something was not taken.
export async function uploadAll(files, address, csrf, shown) {
  const lines = files.map((each) => line(shown, each.name));
  let went = "";
  let failed = false;
  let isOver = false;
  for (const [place, each] of files.entries()) {
    const { state, progress } = lines[place];
    if (isOver) {
      state.textContent = "not sent";
      continue;
    }
    state.textContent = "uploading…";
    progress.scrollIntoView({ block: "nearest" });
    const query = new URLSearchParams(each.values);
    query.set("file", each.file.name);
    const answer = await send(`${address}?${query}`, each.file, csrf, progress);
    const said = sentence(answer);
    // A proxy before us may answer with a page of its own: only we say where to go on.
    const isDone = answer.status === 200 && Boolean(said.go);
    progress.value = isDone ? 1 : progress.value;
    state.textContent = isDone ? "done" : said.text;
    state.className = isDone ? "" : "error";
    if (isDone) went = said.go;
    else failed = true;
    // Of another session, or none: the others would be refused after all their bytes.
    isOver = answer.status === 401 || answer.status === 403;
  }
  return failed ? "" : went;
}

export function uploadWithProgress() {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const picker = form.querySelector("input[type=file]");
  form.addEventListener("submit", async (event) => {
    if (!picker.files.length) return;
    event.preventDefault();
    const button = form.querySelector(".last button");
    button.disabled = true;
    const values = new FormData(form);
    values.delete(picker.name);
    const csrf = values.get("csrf");
    values.delete("csrf");
    const files = [...picker.files].map((file) => ({ file, name: file.name, values }));
    const went = await uploadAll(
      files, form.dataset.upload, csrf, form.querySelector(".uploads"));
    button.disabled = false;
    if (went) location.assign(went);
  });
}
