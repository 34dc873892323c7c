// One title of the history: what it is, how far it was watched, the way to it, and a button that removes it.

import { call, callQuietly } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { duration, language, locale } from "./language.js";

/** From where on a film counts as watched, as for what is offered to watch on. */
const FINISHED = 0.9;

const TEXTS = {
  en: {
    season: (number) => (number === 0 ? "specials" : `season ${number}`),
    episode: (number) => `episode ${number}`,
    finished: "Watched",
    so_far: (position, whole) => `${position} of ${whole}`,
    progress: "Watched so far",
    imported: "Watched elsewhere",
    rated: (stars) => `your rating ${stars} of 10`,
    go_on: "Continue",
    again: "Watch again",
    remove: "Remove",
    remove_it: (name) => `Remove ${name} from the history`,
    sure: (name) => `Remove ${name} from the history? It goes from the profile's lists at once; figures and recommendations follow. A rating stays. This cannot be taken back.`,
    removed: (name) => `${name} is removed from the history. Figures and recommendations follow.`,
  },
  ru: {
    season: (number) => (number === 0 ? "спецвыпуски" : `сезон ${number}`),
    episode: (number) => `серия ${number}`,
    finished: "Просмотрено",
    so_far: (position, whole) => `${position} из ${whole}`,
    progress: "Просмотренная часть",
    imported: "Просмотрено в другом сервисе",
    rated: (stars) => `ваша оценка ${stars} из 10`,
    go_on: "Продолжить",
    again: "Пересмотреть",
    remove: "Удалить",
    remove_it: (name) => `Удалить из истории: ${name}`,
    sure: (name) => `Удалить «${name}» из истории? Запись сразу исчезнет из списков профиля, затем — из статистики и рекомендаций. Оценка останется. Отменить это нельзя.`,
    removed: (name) => `«${name}» больше нет в истории. Статистика и рекомендации изменятся следом.`,
  },
};

/** Seasons and series, once each; what cannot be had has no name. */
const parents = new Map();
function parent(id) {
  const key = `${language()} ${id}`;
  if (!parents.has(key)) parents.set(key, callQuietly("GET", `/v1/titles/${id}`).catch(() => void parents.delete(key)));
  return parents.get(key);
}

/** `The Station, season 1, episode 2`. */
async function placeOf({ kind, number, parent_id }, say) {
  const season = kind === "episode" && parent_id ? await parent(parent_id) : undefined;
  const series = season?.parent_id ? await parent(season.parent_id) : undefined;
  return [series?.name, season && say.season(season.number), Number.isInteger(number) && say.episode(number)].filter(Boolean).join(", ");
}

/** `hasTime`: whether it is known at what time of the day it was watched. */
export function watchedRow(viewing, hasTime) {
  const say = TEXTS[language()];
  const { title, position_seconds, duration_seconds, is_imported, my_rating, watched_at } = viewing;
  const address = `#/titles/${title.id}`;
  const isFinished = is_imported || position_seconds >= duration_seconds * FINISHED;
  const poster = title.poster_url ? el("img", { src: title.poster_url, alt: "", loading: "lazy" }) : el("div", { className: "blank" });
  const place = el("p", { className: "dim", hidden: true });
  if (title.kind === "episode") {
    placeOf(title, say).then((text) => {
      place.textContent = text;
      place.hidden = !text;
    });
  }
  const far = isFinished ? say.finished : say.so_far(duration(position_seconds), duration(duration_seconds));
  const clock = hasTime ? new Date(watched_at).toLocaleTimeString(locale(), { timeStyle: "short" }) : null;
  const facts = [clock, is_imported ? say.imported : far, my_rating && say.rated(my_rating)].filter(Boolean).join(" · ");
  const progress = isFinished ? null : el("progress", { max: duration_seconds, value: position_seconds, ariaLabel: say.progress });
  const line = alertLine();
  const goOn = el("a", { href: address, textContent: isFinished ? say.again : say.go_on, ariaLabel: `${isFinished ? say.again : say.go_on}: ${title.name}` });
  const remove = action(say.remove, line, async () => {
    if (!window.confirm(say.sure(title.name))) return;
    await call("DELETE", `/v1/history/${title.id}`);
    const news = el("p", { className: "dim", role: "status", tabIndex: -1, textContent: say.removed(title.name) });
    row.className = "removed";
    row.replaceChildren(news);
    news.focus();
  }, { className: "plain", ariaLabel: say.remove_it(title.name) });
  const row = el("li", {}, el("a", { href: address, className: "still", tabIndex: -1, ariaHidden: "true" }, poster),
    el("div", {}, el("a", { href: address, className: "name", textContent: title.name }), place, el("p", { className: "dim", textContent: facts }), progress),
    el("div", { className: "buttons" }, goOn, remove), line);
  return row;
}
