"""What a test sees of a page: the rows of a table, colours with their contrast, what sticks out, what was refused."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import BrowserContext, Page

# Pages that every role with all scopes has, with something on them.
PAGES: Final = (
    "/",
    "/payments",
    "/accounts",
    "/queues",
    "/queues?tab=holds",
    "/settlement",
    "/settlement?tab=rails",
    "/reports/trial-balance",
    "/reports/daily-volumes",
    "/sql",
    "/audit",
    "/audit/1",
    "/projections",
    "/accounts/customers%3Aanna%3Aeur",
)
CONTRAST_MIN: Final = 4.5
CONTRAST_OF_LARGE_MIN: Final = 3.0

# Text that is shown, with the ratio of its colour to the colour behind it (WCAG 2.2, 1.4.3). Opaque colours only: what
# is translucent is laid over what is behind it.
_CONTRASTS: Final = """
() => {
  const parse = (text) => {
    const srgb = text.match(/^color\\(srgb ([\\d.]+) ([\\d.]+) ([\\d.]+)(?: \\/ ([\\d.]+))?\\)/);
    if (srgb) return [srgb[1] * 255, srgb[2] * 255, srgb[3] * 255, srgb[4] === undefined ? 1 : Number(srgb[4])];
    const found = text.match(/[\\d.]+/g).map(Number);
    return [found[0], found[1], found[2], found[3] === undefined ? 1 : found[3]];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    let found = [255, 255, 255, 1];
    for (const layer of layers.reverse()) found = over(layer, found);
    return found;
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!text || !element || element.closest("noscript, option, [aria-hidden=true], :disabled")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = over(parse(style.color), ground);
    const [high, lowest] = [light(ink), light(ground)].sort((one, other) => other - one);
    const ratio = (high + 0.05) / (lowest + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (isLarge ? LARGE : SMALL)) low.push(`${ratio.toFixed(2)} ${text.slice(0, 40)} (${element.className})`);
  }
  return { seen, low: [...new Set(low)] };
}
"""

_TOO_WIDE: Final = """
() => [...document.querySelectorAll("body *")]
  .filter((one) => !one.closest(".scroll, .tabs, .list, .side, dialog, .editor, .code") && one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => `${one.tagName} ${one.className} ${Math.round(one.getBoundingClientRect().right)}`)
  .slice(0, 5)
"""

_CELLS: Final = """
box => [...box.querySelectorAll("tbody tr:not(.gap)")].map(row => [...row.cells].map(cell => cell.innerText.trim()))
"""


class Watch:
    """Everything that should not happen on any page: refused by the policy, thrown, or asked of another host."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.complaints: list[str] = []
        self._address = address
        context.on("page", self._follow)

    def _follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: threw {error}"))
        page.on("console", lambda message: self._hear(page.url, message.text))
        page.on("request", lambda request: self._see(request.url))

    def _hear(self, where: str, text: str) -> None:
        if "Content Security Policy" in text:
            self.complaints.append(f"{where}: {text}")

    def _see(self, url: str) -> None:
        if not url.startswith((self._address, "data:", "blob:")):
            self.complaints.append(f"asked another host: {url}")


async def open_page(page: Page, path: str) -> None:
    """Go to a page of the dashboard and wait until nothing on it is still loading."""
    await page.goto(f"/dashboard{path}")
    await page.locator("main h1").first.wait_for()
    await until_loaded(page)


async def until_loaded(page: Page) -> None:
    """Wait until the last placeholder is gone."""
    await page.wait_for_function("() => !document.querySelector('main .loading')")


async def rows_of(page: Page, label: str) -> list[list[str]]:
    """Return the texts of a table's cells, row by row."""
    rows: list[list[str]] = await page.get_by_role("region", name=label, exact=True).evaluate(_CELLS)
    return rows


async def low_contrasts(page: Page) -> list[str]:
    """Return the texts on the page whose contrast is below WCAG AA; fails when there is no text at all."""
    script = _CONTRASTS.replace("LARGE", str(CONTRAST_OF_LARGE_MIN)).replace("SMALL", str(CONTRAST_MIN))
    found: dict[str, Any] = await page.evaluate(script)
    assert found["seen"] > 0
    return list(found["low"])


async def sticking_out(page: Page) -> list[str]:
    """Return what is wider than the window, outside of boxes that scroll by themselves."""
    found: list[str] = await page.evaluate(_TOO_WIDE)
    return found
