// Everything here only makes pages nicer: each works without scripts too.
import { watchStates } from "./live.js";
import { askFirst } from "./questions.js";
import { uploadWithProgress } from "./uploads.js";
import { takeDrops } from "./drops.js";
import { chooseRows } from "./choices.js";
import { filterRows } from "./filters.js";
import { offerCopies } from "./copies.js";
import { tidyMenus } from "./menus.js";
import { openTerminals } from "./terminal.js";

tidyMenus();
askFirst();
filterRows(document);
offerCopies(document);
uploadWithProgress();
takeDrops();
chooseRows(document);
openTerminals();
watchStates((part) => {
  filterRows(part);
  offerCopies(part);
  chooseRows(part);
});
