// Light, dark, or as the system has it. theme_first.ts applies the choice before the first paint.
import { createStore } from "./store";

export type Theme = "system" | "light" | "dark";
export const THEME_KEY = "bursar.theme";

function stored(): Theme {
  const found = localStorage.getItem(THEME_KEY);
  return found === "light" || found === "dark" ? found : "system";
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = createStore<Theme>(stored());

// What is shown now.
export const theme = createStore<"light" | "dark">(shownOf(chosen.get()));
export const themeChoice = chosen;

export function setTheme(next: Theme): void {
  if (next === "system") localStorage.removeItem(THEME_KEY);
  else localStorage.setItem(THEME_KEY, next);
  chosen.set(next);
  apply();
}

export function nextTheme(): void {
  setTheme(theme.get() === "dark" ? "light" : "dark");
}

function apply(): void {
  const shown = shownOf(chosen.get());
  document.documentElement.dataset["theme"] = shown;
  theme.set(shown);
}

function shownOf(choice: Theme): "light" | "dark" {
  if (choice !== "system") return choice;
  return dark.matches ? "dark" : "light";
}

dark.addEventListener("change", apply);
apply();
