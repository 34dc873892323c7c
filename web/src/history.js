// What the profile has watched, by day, to be watched on and to be removed.

import { call } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { language, locale } from "./language.js";
import { ownYear } from "./own_year.js";
import { watchedRow } from "./watched_row.js";

const PAGE_SIZE = 20;

/** `DELETE /v1/history` says what follows of it: gone from the profile's lists; figures and recommendations follow. */
const TEXTS = {
  en: {
    title: "History",
    about: "What this profile has watched. What you remove goes from its lists at once; figures and recommendations follow. Ratings stay.",
    empty: "Nothing yet. What you watch is listed here.",
    find: "Find a film",
    more: "Show more",
    clear: "Remove all",
    sure: "Remove everything from the history of this profile? It goes from the profile's lists at once; figures and recommendations follow. Ratings stay. This cannot be taken back.",
    cleared: "Everything is removed from the history. Figures and recommendations follow.",
  },
  ru: {
    title: "История",
    about: "Что смотрели в этом профиле. Удалённое сразу исчезает из его списков, затем — из статистики и рекомендаций. Оценки остаются.",
    empty: "Пока ничего нет. Здесь появится всё, что вы посмотрите.",
    find: "Найти фильм",
    more: "Показать ещё",
    clear: "Удалить всё",
    sure: "Удалить всю историю этого профиля? Она сразу исчезнет из его списков, затем — из статистики и рекомендаций. Оценки останутся. Отменить это нельзя.",
    cleared: "История удалена. Статистика и рекомендации изменятся следом.",
  },
};

/** A page of it, the last watched first. */
const viewings = (cursor) =>
  call("GET", `/v1/history?limit=${PAGE_SIZE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

/** The link to the page, in the language of the page. */
export const historyLink = () => el("a", { href: "#/history", textContent: TEXTS[language()].title, lang: language() });

export async function showHistory(show) {
  const say = TEXTS[language()];
  const [page, year] = await Promise.all([viewings(), ownYear()]);
  const [line, list] = [alertLine(), days()];
  const news = el("p", { className: "dim", role: "status", tabIndex: -1 });
  const nothing = el("p", {}, `${say.empty} `, el("a", { href: "#/", textContent: say.find }), ".");
  let cursor;
  const add = ({ items, next_cursor }) => {
    list.add(items);
    cursor = next_cursor;
    more.hidden = !cursor;
  };
  const more = action(say.more, line, async () => add(await viewings(cursor)), { className: "plain" });
  const clear = action(say.clear, line, async () => {
    if (!window.confirm(say.sure)) return;
    await call("DELETE", "/v1/history");
    list.element.replaceChildren();
    more.hidden = clear.hidden = true;
    nothing.hidden = false;
    news.textContent = say.cleared;
    news.focus();
  }, { className: "plain" });
  add(page);
  nothing.hidden = page.items.length > 0;
  clear.hidden = page.items.length === 0;
  show(el("div", { className: "history", lang: language() }, el("h1", { textContent: say.title }), el("p", { className: "dim", textContent: say.about }),
    year, el("div", { className: "buttons" }, clear), news, nothing, list.element, more, line));
}

/** Files of other services tell days, and their midnights are those of UTC. */
const isWholeDay = ({ is_imported, watched_at }) => is_imported && new Date(watched_at).getTime() % 86_400_000 === 0;

/** Lists below the names of their days. Each viewing stands on the day that it had where the person is. */
function days() {
  const element = el("div");
  const lists = new Map();
  const listOf = (viewing) => {
    const name = dayName(new Date(viewing.watched_at), isWholeDay(viewing) ? "UTC" : undefined);
    if (!lists.has(name)) {
      const list = el("ul", { className: "rows watched" });
      lists.set(name, list);
      element.append(el("h2", { textContent: name }), list);
    }
    return lists.get(name);
  };
  return { element, add: (items) => items.forEach((viewing) => listOf(viewing).append(watchedRow(viewing, !isWholeDay(viewing)))) };
}

function dayName(time, timeZone) {
  const day = (time, timeZone) => Date.parse(`${time.toLocaleDateString("sv-SE", { timeZone })}T00:00Z`) / 86_400_000;
  const ago = day(new Date()) - day(time, timeZone);
  const isRecent = ago === 0 || ago === 1;
  const name = isRecent ? new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(-ago, "day")
    : time.toLocaleDateString(locale(), { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone });
  return name.charAt(0).toLocaleUpperCase(locale()) + name.slice(1);
}
