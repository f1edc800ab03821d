// Series over time, and bars by name. Lines are uPlot's; what they say is also in a table that a screen reader finds.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { formatAxis } from "../money";
import { useStore } from "../store";
import { theme } from "../theme";
import { zone } from "../time";

export interface Series {
  name: string;
  values: (number | null)[];
  words: (index: number) => string; // the exact figure, for the legend
}

interface LinesProps {
  label: string;
  at: number[]; // seconds since 1970
  series: Series[];
  height?: number;
  kind?: "line" | "step" | "bars";
  hasDays?: boolean;
}

const COLOURS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6"];
const FILL_ALPHA = "18";

export function Lines({ label, at, series, height = 200, kind = "line", hasDays = false }: LinesProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useStore(theme);
  const shownZone = useStore(zone);
  const shape = series.map((one) => one.name).join("|");
  const words = useRef(series);
  words.current = series;

  useEffect(() => {
    const box = holder.current;
    if (!box) return;
    const made = new uPlot(
      optionsOf(box, { at, series, height, kind, hasDays, label }, words),
      dataOf(at, series),
      box,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height, kind, hasDays, shown, shownZone]);

  useEffect(() => plot.current?.setData(dataOf(at, series)), [at, series]);
  return <div class="chart" ref={holder} role="img" aria-label={label} />;
}

function dataOf(at: number[], series: Series[]): uPlot.AlignedData {
  return [at, ...series.map((one) => one.values)];
}

function optionsOf(
  box: HTMLElement,
  wanted: LinesProps & { height: number },
  words: { current: Series[] },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--text-quiet"),
    font: "11px Inter Variable, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const paths = uPlot.paths;
  const options: uPlot.Options = {
    width: box.clientWidth || 400,
    height: wanted.height,
    padding: [8, 24, 0, 0], // the last label of the time axis is centred on its mark
    cursor: { y: false, points: { size: 6 }, drag: { setScale: false } },
    legend: { live: true },
    scales: { x: { time: true } },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        space: 70,
        values: (_, moments, __, ___, step) => moments.map((at) => tickWords(at, step, wanted.hasDays ?? false)),
      },
      { ...axis, size: 56, space: 36, values: (_, ticks) => ticks.map(formatAxis) },
    ],
    series: [
      { value: (_, raw) => (raw === null || raw === undefined ? "" : atWords(raw, wanted.hasDays ?? false)) },
      ...wanted.series.map((one, index): uPlot.Series => {
        const stroke = colour(COLOURS[index % COLOURS.length] ?? "--chart-1");
        return {
          label: one.name,
          stroke,
          width: 1.5,
          fill:
            wanted.series.length === 1 || wanted.kind === "bars"
              ? stroke + (wanted.kind === "bars" ? "" : FILL_ALPHA)
              : undefined,
          points: { show: false },
          paths:
            wanted.kind === "bars"
              ? paths.bars?.({ size: [0.7, 24] })
              : wanted.kind === "step"
                ? paths.stepped?.({ align: 1 })
                : undefined,
          value: (_, raw, seriesIndex, dataIndex) =>
            raw === null || raw === undefined || dataIndex === null
              ? ""
              : (words.current[seriesIndex - 1]?.words(dataIndex) ?? ""),
        };
      }),
    ],
  };
  if (zone.get() === "UTC" || wanted.hasDays)
    options.tzDate = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
  return options;
}

const DAY_S = 86_400;

// Hours within a day, days beyond: as the rest of the page writes them.
function tickWords(seconds: number, step: number, hasDays: boolean): string {
  const isDay = hasDays || step >= DAY_S;
  const options: Intl.DateTimeFormatOptions = isDay
    ? { day: "2-digit", month: "short" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (hasDays || zone.get() === "UTC") options.timeZone = "UTC";
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(seconds * 1000));
}

function atWords(seconds: number, hasDays: boolean): string {
  const moment = new Date(seconds * 1000);
  if (hasDays) return moment.toISOString().slice(0, 10);
  const options: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  };
  if (zone.get() === "UTC") options.timeZone = "UTC";
  return new Intl.DateTimeFormat("en-GB", options).format(moment);
}

interface Bar {
  name: string;
  value: number;
  words: string;
}

export function Bars({ label, bars }: { label: string; bars: Bar[] }) {
  const greatest = Math.max(...bars.map((bar) => Math.abs(bar.value)), 0);
  return (
    <ul class="bars" aria-label={label}>
      {bars.map((bar) => (
        <li key={bar.name}>
          <span class="bar-name" title={bar.name}>
            {bar.name}
          </span>
          <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect
              class={bar.value < 0 ? "is-negative" : undefined}
              width={greatest ? (Math.abs(bar.value) / greatest) * 100 : 0}
              height="8"
              rx="0.6"
            />
          </svg>
          <span class="amount">{bar.words}</span>
        </li>
      ))}
    </ul>
  );
}
