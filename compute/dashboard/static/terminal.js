// A serial console: what the server prints, line by line, and what is typed sent to it.
// Lines are what it can do; for programs that draw on the screen there is the screen.
const CHARACTERS_MAX = 200_000;
// What has no line break for so long gets one; a sequence that does not end in so much is none.
const LINE_MAX = 10_000;
const SEQUENCE_MAX = 4_000;
// ESC [ ... letter (colours, cursor), ESC ] ... BEL (titles), and single ones (ECMA-48).
const SEQUENCES = /\u001b(?:\[[0-?]*[ -\/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -\/]*[0-Z\\^-~])/g;
const BEGUN = /\u001b(?:\[[0-?]*[ -\/]*|\][^\u0007\u001b]*\u001b?|[ -\/]*)$/;
const KEYS = {
  Enter: "\r", Backspace: "\u007f", Escape: "\u001b", Delete: "\u001b[3~",
  ArrowUp: "\u001b[A", ArrowDown: "\u001b[B", ArrowRight: "\u001b[C", ArrowLeft: "\u001b[D",
  Home: "\u001b[H", End: "\u001b[F", PageUp: "\u001b[5~", PageDown: "\u001b[6~",
};

// Nothing yet: the lines that are whole, the characters of the last one, where in it one
// writes, and the begin of a sequence whose end has not come.
export function blank() {
  return { above: "", line: [], column: 0, begun: "" };
}

// The same after some more has come.
export function written({ above, line, column, begun }, more) {
  const come = begun + more;
  const rest = BEGUN.exec(come)?.[0] ?? "";
  begun = rest.length > SEQUENCE_MAX ? "" : rest;
  const lines = [];
  for (const character of come.slice(0, come.length - begun.length).replace(SEQUENCES, "")) {
    if (character === "\n" || line.length >= LINE_MAX) {
      lines.push(line.join(""));
      line = [];
      column = 0;
    }
    if (character === "\r") {
      column = 0;
    } else if (character === "\b") {
      column = Math.max(column - 1, 0);
    } else if (character >= " " || character === "\t") {
      line[column] = character;
      column += 1;
    }
  }
  lines.push("");
  return { above: (above + lines.join("\n")).slice(-CHARACTERS_MAX), line, column, begun };
}

export function textOf({ above, line }) {
  return above + line.join("");
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
  let shown = blank();
  let isDue = false;
  let wasOpen = false;
  const send = (text) => socket.readyState === WebSocket.OPEN && socket.send(encoder.encode(text));
  const draw = () => {
    isDue = false;
    screen.textContent = textOf(shown);
    screen.scrollTop = screen.scrollHeight;
  };
  socket.binaryType = "arraybuffer";
  state.textContent = "Connecting…";
  socket.onopen = () => {
    wasOpen = true;
    state.textContent = "Connected. Press Enter for a prompt; Tab leaves the terminal, Ctrl+I completes.";
    screen.focus();
  };
  socket.onclose = () => {
    state.textContent = wasOpen
      ? "The connection has ended. Connect again above."
      : "The console does not answer: nothing listens there, or its address is used up.";
  };
  socket.onmessage = (event) => {
    shown = written(shown, decoder.decode(event.data, { stream: true }));
    // However much comes, it is drawn once a picture.
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
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
