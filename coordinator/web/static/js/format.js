// Numbers and times for people. Seconds and metres in, words out.
import { plant } from "./store.js";
import { language } from "./prefs.js";
import { t } from "./words.js";

const formatters = new Map();

function formatter(options) {
  const zone = plant.value?.timezone;
  const key = `${language.value} ${zone} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) {
    const locale = language.value === "zh" ? "zh-CN" : "en-GB";
    formatters.set(key, new Intl.DateTimeFormat(locale, { ...options, timeZone: zone, hourCycle: "h23" }));
  }
  return formatters.get(key);
}

const DAY = { month: "short", day: "numeric" };
const TIME = { hour: "2-digit", minute: "2-digit" };
const SECOND = { ...TIME, second: "2-digit" };

/** Time of the plant's clock; with the day unless it is today. */
export function clock(instant_s, now_s) {
  if (instant_s === null || instant_s === undefined) return "–";
  const date = new Date(instant_s * 1000);
  const isToday = formatter(DAY).format(date) === formatter(DAY).format(new Date(now_s * 1000));
  return formatter(isToday ? SECOND : { ...DAY, ...TIME }).format(date);
}

export const clockSecond = (instant_s) => formatter(SECOND).format(new Date(instant_s * 1000));

/** A span with its one or two largest units. */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return t("span.s", { n: s });
  if (s < 7200) return t("span.min", { n: Math.round(s / 60) });
  if (s < 172800) return t("span.h", { n: (s / 3600).toFixed(1) });
  return t("span.d", { n: (s / 86400).toFixed(1) });
}

export const ago = (instant_s, now_s) =>
  instant_s === null || instant_s === undefined ? t("never") : t("ago", { span: span(now_s - instant_s) });

export const percent = (ratio) => `${Math.round(ratio * 100)} %`;

export function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude >= 1e6 || magnitude < 1e-3)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(digits + 1)));
}
