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

export function uploadWithProgress() {
  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const picker = form.querySelector("input[type=file]");
  form.addEventListener("submit", async (event) => {
    if (!picker.files.length) return;
    event.preventDefault();
    const shown = form.querySelector(".uploads");
    const button = form.querySelector(".last button");
    button.disabled = true;
    const rest = new FormData(form);
    rest.delete(picker.name);
    const csrf = rest.get("csrf");
    rest.delete("csrf");
    let went = "";
    let failed = false;
    for (const file of picker.files) {
      const line = document.createElement("div");
      const label = document.createElement("p");
      const name = document.createElement("bdi");
      const state = document.createElement("span");
      const progress = document.createElement("progress");
      name.textContent = file.name;
      state.textContent = "uploading…";
      progress.setAttribute("aria-label", file.name);
      progress.value = 0;
      label.append(name, state);
      line.append(label, progress);
      shown.append(line);
      const query = new URLSearchParams(rest);
      query.set("file", file.name);
      const answer = await send(`${form.dataset.upload}?${query}`, file, csrf, progress);
      const said = sentence(answer);
      // A proxy before us may answer with a page of its own: only we say where to go on.
      const isDone = answer.status === 200 && Boolean(said.go);
      progress.value = isDone ? 1 : progress.value;
      state.textContent = isDone ? "done" : said.text;
      state.className = isDone ? "" : "error";
      if (isDone) went = said.go;
      else failed = true;
    }
    button.disabled = false;
    if (!failed && went) location.assign(went);
  });
}
