// Shortcuts: single keys outside of fields, and `g` followed by a page's letter.
import { moveRow } from "./parts/table";
import { PAGES } from "./places";
import { hrefOf, navigate } from "./router";
import { may } from "./session";
import { createStore } from "./store";
import { nextTheme } from "./theme";

export const paletteOpen = createStore(false);
export const helpOpen = createStore(false);

const SEQUENCE_MS = 1_200;
let began = 0;

export const SHORTCUTS: [string, string][] = [
  ["/", "Search, or jump to a page or an id"],
  ["j / k", "Next and previous row; Enter opens it"],
  ["d", "Light or dark"],
  ["?", "These shortcuts"],
  ["Esc", "Close"],
  ["Ctrl Enter", "Run the query (SQL page)"],
];

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      paletteOpen.set(!paletteOpen.get());
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event) || isDialogOpen()) return;
    const inSequence = event.timeStamp - began < SEQUENCE_MS;
    began = 0;
    if (inSequence && goTo(event.key)) event.preventDefault();
    else if (actOn(event.key, event.timeStamp)) event.preventDefault();
  });
}

function actOn(key: string, at: number): boolean {
  switch (key) {
    case "g":
      began = at;
      return true;
    case "/":
      paletteOpen.set(true);
      return true;
    case "?":
      helpOpen.set(true);
      return true;
    case "d":
      nextTheme();
      return true;
    case "j":
      moveRow(1);
      return true;
    case "k":
      moveRow(-1);
      return true;
    default:
      return false;
  }
}

function goTo(key: string): boolean {
  const page = PAGES.find((candidate) => candidate.key === key && may(candidate.scope));
  if (page) navigate(hrefOf(page.path));
  return page !== undefined;
}

// Events that come out of a shadow root say they come from its host: ask for the innermost element.
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}

function isDialogOpen(): boolean {
  return document.querySelector("dialog[open]") !== null;
}
