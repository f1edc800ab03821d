// Runs before anything is painted, so that nobody who chose dark sees a white flash.
const choice = localStorage.getItem("bursar.theme");
const isDark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
