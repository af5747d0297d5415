// Everything here only makes pages nicer: each works without scripts too.
import { watchStates } from "./live.js";
import { askFirst } from "./questions.js";
import { uploadWithProgress } from "./uploads.js";
import { takeDrops } from "./drops.js";
import { chooseEvery, chooseRows } from "./choices.js";
import { showWaiting } from "./waiting.js";
import { filterRows, goToFilter } from "./filters.js";
import { offerCopies } from "./copies.js";
import { tidyMenus } from "./menus.js";
import { openTerminals } from "./terminal.js";

tidyMenus();
askFirst();
filterRows(document);
goToFilter();
offerCopies(document);
uploadWithProgress();
takeDrops();
chooseRows(document);
chooseEvery();
showWaiting();
openTerminals();
watchStates((part) => {
  filterRows(part);
  offerCopies(part);
  chooseRows(part);
});
