// The command palette and the help: both are modal dialogs of the browser, which keep focus and close on Esc.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { helpOpen, paletteOpen, SHORTCUTS } from "../keyboard";
import { PAGES } from "../places";
import { hrefOf, navigate } from "../router";
import { may } from "../session";
import { useStore, type Store } from "../store";
import { nextTheme } from "../theme";
import { setZone, zone } from "../time";
import { pathOf } from "./figures";
import { Icon } from "./icons";

function Dialog({ store, label, children }: { store: Store<boolean>; label: string; children: ComponentChildren }) {
  const isOpen = useStore(store);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={() => store.set(false)}
      onClick={(event) => event.target === dialog.current && store.set(false)}
    >
      {isOpen && <div class="dialog">{children}</div>}
    </dialog>
  );
}

export function Help() {
  const pages = PAGES.filter((page) => may(page.scope));
  return (
    <Dialog store={helpOpen} label="Keyboard shortcuts">
      <header class="dialog-head">
        <h2>Keyboard shortcuts</h2>
        <button type="button" class="button is-icon" aria-label="Close" onClick={() => helpOpen.set(false)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="shortcuts">
        <dl>
          {SHORTCUTS.map(([keys, what]) => (
            <Shortcut key={keys} keys={keys} what={what} />
          ))}
        </dl>
        <dl>
          {pages.map((page) => (
            <Shortcut key={page.path} keys={`g ${page.key}`} what={page.title} />
          ))}
        </dl>
      </div>
    </Dialog>
  );
}

function Shortcut({ keys, what }: { keys: string; what: string }) {
  return (
    <div>
      <dt>{keys.split(" ").map((key, index) => (key === "/" && index > 0 ? " or " : <kbd key={index}>{key}</kbd>))}</dt>
      <dd>{what}</dd>
    </div>
  );
}

interface Choice {
  title: string;
  hint: string;
  run: () => void;
}

export function Palette() {
  return (
    <Dialog store={paletteOpen} label="Search or jump">
      <PaletteBody />
    </Dialog>
  );
}

function PaletteBody() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const choices = useMemo(() => choicesFor(text.trim()), [text]);
  const chosen = Math.min(at, Math.max(0, choices.length - 1));

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    paletteOpen.set(false);
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(choices.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, chosen - 1));
    else if (event.key === "Enter") run(choices[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div class="palette-field">
        <Icon name="search" />
        <input
          ref={field}
          value={text}
          placeholder="Page, payment, account, customer, transfer or position"
          spellcheck={false}
          autocomplete="off"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette"
          aria-activedescendant={`choice-${chosen}`}
          aria-label="Search or jump"
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul class="palette" id="palette" role="listbox" aria-label="Results">
        {choices.map((choice, index) => (
          <li
            key={choice.title}
            id={`choice-${index}`}
            role="option"
            aria-selected={index === chosen}
            onMouseMove={() => setAt(index)}
            onClick={() => run(choice)}
          >
            <span>{choice.title}</span>
            <span class="quiet">{choice.hint}</span>
          </li>
        ))}
        {choices.length === 0 && (
          <li class="quiet" role="option" aria-selected="false">
            Nothing by that name
          </li>
        )}
      </ul>
    </>
  );
}

function choicesFor(text: string): Choice[] {
  const found: Choice[] = [];
  const go = (title: string, hint: string, path: string, query?: Record<string, string>) =>
    found.push({ title, hint, run: () => navigate(hrefOf(path, query)) });
  const path = pathOf(text);
  if (path) go(text, "open", path);
  if (/^#?\d+$/.test(text)) {
    const number = text.replace("#", "");
    go(`Event #${number}`, "audit trail", `/audit/${number}`);
    go(`pay_${number}`, "payment", `/payments/pay_${number}`);
  }
  if (/^[a-z0-9_-]+(:[a-z0-9_-]+)+$/.test(text)) go(text, "account", `/accounts/${encodeURIComponent(text)}`);
  if (/^[a-z0-9_-]+:$/.test(text)) go(`Accounts below ${text}`, "accounts", "/accounts", { prefix: text });
  const wanted = text.toLowerCase();
  for (const page of PAGES) {
    if (may(page.scope) && page.title.toLowerCase().includes(wanted)) go(page.title, `g ${page.key}`, page.path);
  }
  const actions: Choice[] = [
    { title: "Switch between light and dark", hint: "d", run: nextTheme },
    {
      title: zone.get() === "UTC" ? "Show times in this computer's zone" : "Show times in UTC",
      hint: "zone",
      run: () => setZone(zone.get() === "UTC" ? "local" : "UTC"),
    },
    { title: "Keyboard shortcuts", hint: "?", run: () => helpOpen.set(true) },
  ];
  found.push(...actions.filter((action) => wanted && action.title.toLowerCase().includes(wanted)));
  if (wanted.length > 2 && !path && may("payments:read")) {
    go(`Payments with reference ${text}`, "end-to-end id", "/payments", { end_to_end_id: text });
  }
  return found;
}
