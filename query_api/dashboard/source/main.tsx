import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "uplot/dist/uPlot.min.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/pages.css";
import { render } from "preact";
import { App } from "./app";
import { listenToKeys } from "./keyboard";
import { followLinks } from "./router";

const root = document.getElementById("app");
if (!root) throw new Error("the page has no place for the dashboard");
addEventListener("click", followLinks);
listenToKeys();
render(<App />, root);
