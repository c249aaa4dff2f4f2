// What this browser remembers of its operator: language, theme, name, layers of the map.
import { effect, signal } from "@preact/signals";

const KEY = "roundsman";
const DEFAULT_LAYERS = {
  points: true,
  routes: true,
  zones: true,
  names: true,
  congestion: true,
  radio: false,
};

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

const kept = load();
const systemTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
const systemLanguage = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const theme = signal(kept.theme ?? systemTheme);
export const language = signal(kept.language ?? systemLanguage);
export const operator = signal(kept.operator ?? "");
export const layers = signal({ ...DEFAULT_LAYERS, ...kept.layers });

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  document.documentElement.lang = language.value;
  const now = {
    theme: theme.value,
    language: language.value,
    operator: operator.value,
    layers: layers.value,
  };
  try {
    localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    // A browser that keeps nothing still works.
  }
});

export function toggleLayer(name) {
  layers.value = { ...layers.value, [name]: !layers.value[name] };
}
