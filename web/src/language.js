// The language in which a page is said that has its texts in several: the profile's, as titles are named, else the browser's.

import { claims } from "./api.js";

/** By language how days and numbers are written. */
const LOCALES = { en: "en-GB", ru: "ru-RU" };
/** Shorter than what `Intl` has for them, and as the films' lists have them. */
const UNITS = {
  en: { hour: "h", minute: "min", second: "s" },
  ru: { hour: "ч", minute: "мин", second: "с" },
};
const DEFAULT = "en";

export function language() {
  const wished = [claims().locale, ...navigator.languages].map((tag) => tag?.split("-")[0]);
  return wished.find((tag) => Object.hasOwn(LOCALES, tag ?? "")) ?? DEFAULT;
}

/** What `Intl` writes days and numbers by. */
export const locale = () => LOCALES[language()];

/** A number with its noun; `nouns` by the plural categories of the language. */
export function counted(count, nouns) {
  const noun = nouns[new Intl.PluralRules(locale()).select(count)] ?? nouns.other;
  return `${new Intl.NumberFormat(locale()).format(count)} ${noun}`;
}

/** `1 h 5 min`; below a minute in seconds. */
export function duration(seconds) {
  const units = UNITS[language()];
  if (seconds < 60) return `${Math.floor(seconds)} ${units.second}`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return [hours && `${hours} ${units.hour}`, (minutes || !hours) && `${minutes} ${units.minute}`].filter(Boolean).join(" ");
}
