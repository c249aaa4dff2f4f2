// The page's words in the operator's language. `{name}` in a text is filled in.
import { language } from "./prefs.js";
import en from "../words/en.js";
import zh from "../words/zh.js";

const LANGUAGES = { en, zh };
export const LANGUAGE_NAMES = { en: "English", zh: "中文" };

export function t(key, values) {
  const text = LANGUAGES[language.value][key] ?? en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : text;
}

// Words of the coordinator (states, causes, codes) that may be newer than this page.
export function word(kind, value) {
  const key = `${kind}.${value}`;
  return LANGUAGES[language.value][key] ?? en[key] ?? String(value).replaceAll("_", " ");
}
