// A value over time, with its limits as lines; drawn by uPlot, which is loaded when it is first needed.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { language, theme } from "./prefs.js";
import { plant } from "./store.js";
import { t, word } from "./words.js";

const HEIGHT = 300;
const LIMITS = ["high_high", "high", "low", "low_low"];
let loading = null;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/vendor/uPlot.min.css" });
    const script = Object.assign(document.createElement("script"), { src: "/static/vendor/uPlot.iife.min.js" });
    script.onload = () => resolve(window.uPlot);
    script.onerror = reject;
    document.head.append(style, script);
  });
  return loading;
}

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(Plot, task, width) {
  const lines = LIMITS.filter((key) => task.limits[key] !== null);
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line") } };
  return {
    width,
    height: HEIGHT,
    tzDate: (instant_s) => Plot.tzDate(new Date(instant_s * 1000), plant.value.timezone),
    cursor: { drag: { x: true, y: false } },
    scales: {
      y: {
        range: (_, low, high) => {
          const all = [low, high, ...lines.map((key) => task.limits[key])].filter(Number.isFinite);
          const [bottom, top] = [Math.min(...all), Math.max(...all)];
          const room = (top - bottom || 1) * 0.12;
          return [bottom - room, top + room];
        },
      },
    },
    axes: [
      { ...axis, values: [[86400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", null, null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1]] },
      { ...axis, label: task.unit, size: 64 },
    ],
    series: [
      { label: t("taken"), value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      {
        label: t("value"),
        stroke: color("--accent"),
        width: 2,
        points: { size: 7, fill: color("--panel"), stroke: color("--accent"), show: true },
        value: (_, value) => (value === null ? "–" : `${value} ${task.unit}`),
      },
      ...lines.map((key) => ({
        label: word("limit", key),
        stroke: color(key.includes("_") ? "--bad" : "--warn"),
        width: 1.5,
        dash: [6, 4],
        points: { show: false },
      })),
    ],
    lines,
  };
}

export function Trend({ rows, task }) {
  const element = useRef(null);
  const [Plot, setPlot] = useState(null);
  useEffect(() => {
    load().then((loaded) => setPlot(() => loaded));
  }, []);
  const key = `${rows.length} ${rows[0]?.observation.taken_s} ${task.task_id} ${theme.value} ${language.value}`;
  useEffect(() => {
    if (!Plot) return undefined;
    const sorted = rows
      .map((row) => row.observation)
      .filter((observation) => observation.value !== null)
      .sort((a, b) => a.taken_s - b.taken_s);
    const frame = element.current;
    const made = options(Plot, task, frame.clientWidth);
    const data = [
      sorted.map((observation) => observation.taken_s),
      sorted.map((observation) => observation.value),
      ...made.lines.map((name) => sorted.map(() => task.limits[name])),
    ];
    const plot = new Plot(made, data, frame);
    const observer = new ResizeObserver(() => plot.setSize({ width: frame.clientWidth, height: HEIGHT }));
    observer.observe(frame);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [Plot, key]);
  return html`<div class="trend" ref=${element} role="img" aria-label=${t("trend_of", { task: task.task_id, n: rows.length })}></div>`;
}
