// A serial console: what the server prints, line by line, and what is typed sent to it.
// Lines are what it can do; for programs that draw on the screen there is the screen.
const CHARACTERS_MAX = 200_000;
// ESC [ ... letter (colours, cursor), ESC ] ... BEL (titles), and single ones.
const SEQUENCES = /\u001b(?:\[[0-?]*[ -\/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_=>()][0-9A-B]?)/g;
const KEYS = {
  Enter: "\r", Backspace: "\u007f", Escape: "\u001b", Delete: "\u001b[3~",
  ArrowUp: "\u001b[A", ArrowDown: "\u001b[B", ArrowRight: "\u001b[C", ArrowLeft: "\u001b[D",
  Home: "\u001b[H", End: "\u001b[F", PageUp: "\u001b[5~", PageDown: "\u001b[6~",
};

// The text and where in its last line one writes, after some more has come.
export function written({ text, column }, more) {
  let start = text.lastIndexOf("\n") + 1;
  for (const character of more.replace(SEQUENCES, "")) {
    if (character === "\n") {
      text += "\n";
      start = text.length;
      column = 0;
    } else if (character === "\r") {
      column = 0;
    } else if (character === "\b") {
      column = Math.max(column - 1, 0);
    } else if (character >= " " || character === "\t") {
      text = text.slice(0, start + column) + character + text.slice(start + column + 1);
      column += 1;
    }
  }
  return { text: text.slice(-CHARACTERS_MAX), column };
}

function typed(event) {
  if (event.ctrlKey && !event.altKey && event.key.length === 1) {
    const code = event.key.toUpperCase().charCodeAt(0) - 64;
    return code > 0 && code < 32 ? String.fromCharCode(code) : "";
  }
  // Tab goes on to the next part of the page, as everywhere; Ctrl+I completes.
  if (event.metaKey || event.altKey) return "";
  return KEYS[event.key] ?? (event.key.length === 1 ? event.key : "");
}

export function openTerminals() {
  const screen = document.querySelector("[data-terminal]");
  if (!screen) return;
  const state = document.querySelector("[data-terminal-state]");
  const socket = new WebSocket(screen.dataset.terminal, "binary");
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let shown = { text: "", column: 0 };
  const send = (text) => socket.readyState === WebSocket.OPEN && socket.send(encoder.encode(text));
  socket.binaryType = "arraybuffer";
  state.textContent = "Connecting…";
  socket.onopen = () => {
    state.textContent = "Connected. Press Enter for a prompt; Tab leaves the terminal, Ctrl+I completes.";
    screen.focus();
  };
  socket.onclose = () => {
    state.textContent = "The connection has ended. Connect again above.";
  };
  socket.onmessage = (event) => {
    shown = written(shown, decoder.decode(event.data, { stream: true }));
    screen.textContent = shown.text;
    screen.scrollTop = screen.scrollHeight;
  };
  screen.addEventListener("keydown", (event) => {
    // What is marked is copied by Ctrl+C, as everywhere.
    const marks = event.ctrlKey && event.key === "c" && String(getSelection());
    const text = marks ? "" : typed(event);
    if (!text || (event.ctrlKey && event.key === "v")) return;
    event.preventDefault();
    send(text);
  });
  screen.addEventListener("paste", (event) => {
    event.preventDefault();
    send(event.clipboardData.getData("text").replace(/\r?\n/g, "\r"));
  });
}
