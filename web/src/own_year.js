// The profile's own year: how long it watched, what, and in which months.

import { call, callQuietly } from "./api.js";
import { action, alertLine, attempt, el } from "./dom.js";
import { counted, duration, language, locale } from "./language.js";

/** How long somebody waits for it who has come to see the history. */
const PATIENCE_MS = 1000;

const TEXTS = {
  en: {
    title: (year) => `Your year ${year}`,
    watched: (time, views, titles) => `${time} in ${views} of ${titles}.`,
    barely: (time) => `Watched: ${time}.`,
    views: { one: "viewing", other: "viewings" },
    titles: { one: "title", other: "titles" },
    finished: (views) => `Watched to the end: ${views}.`,
    nothing: "Nothing was watched in this year.",
    more: "Months, titles and genres",
    months: "By month",
    top_titles: "Watched longest",
    top_genres: "Genres",
    other: (year) => `Show ${year}`,
  },
  ru: {
    title: (year) => `Ваш ${year} год`,
    watched: (time, views, titles) => `${time}: ${views}, ${titles}.`,
    barely: (time) => `Просмотрено: ${time}.`,
    views: { one: "просмотр", few: "просмотра", many: "просмотров", other: "просмотра" },
    titles: { one: "название", few: "названия", many: "названий", other: "названия" },
    finished: (views) => `Досмотрено до конца: ${views}.`,
    nothing: "В этом году ничего не смотрели.",
    more: "Месяцы, названия и жанры",
    months: "По месяцам",
    top_titles: "Дольше всего",
    top_genres: "Жанры",
    other: (year) => `Показать ${year} год`,
  },
};

/** The section. It stands above what is read: it is there at once, or comes when it can. */
export async function ownYear() {
  const say = TEXTS[language()];
  const [place, line] = [el("div"), alertLine()];
  const section = el("section", { className: "year", hidden: true }, place, line);
  const look = (year) => attempt(section, line, async () => {
    const [own, genres, account] = await Promise.all([call("GET", year ? `/v1/analytics/me?year=${year}` : "/v1/analytics/me"),
      genreNames(), callQuietly("GET", "/v1/users/me").catch(() => null)]);
    const buttons = yearsBeside(own.year, account).map((other) => action(say.other(other), line, async () => {
      await look(other);
      place.querySelector("h2").focus();
    }, { className: "plain" }));
    place.replaceChildren(...figures(own, genres), el("div", { className: "buttons" }, ...buttons));
    // Who has just come has no year to look at.
    section.hidden = buttons.length === 0 && own.watch_time_seconds === 0;
  });
  const first = look().then(() => (section.hidden &&= !line.textContent));
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  return section;
}

/** The years beside it in which the account could watch. */
function yearsBeside(year, account) {
  const first = account ? new Date(account.created_at).getUTCFullYear() : year;
  return [year - 1, year + 1].filter((other) => other >= first && other <= new Date().getUTCFullYear());
}

const genreNames = () => callQuietly("GET", "/v1/genres").then(({ items }) => new Map(items.map(({ slug, name }) => [slug, name])), () => new Map());

function figures({ year, watch_time_seconds, views, completed_views, titles, top_titles, top_genres, months }, genres) {
  const say = TEXTS[language()];
  const heading = el("h2", { textContent: say.title(year), tabIndex: -1 });
  if (watch_time_seconds === 0) return [heading, el("p", { className: "dim", textContent: say.nothing })];
  const finished = completed_views > 0 ? ` ${say.finished(completed_views)}` : "";
  const time = duration(watch_time_seconds);
  // A session that was left within seconds is no view.
  const watched = views > 0 ? say.watched(time, counted(views, say.views), counted(titles, say.titles)) : say.barely(time);
  const part = (title, list) => (list.childElementCount > 0 ? el("div", {}, el("h3", { textContent: title }), list) : null);
  const longest = (rows, name) => el("ol", { className: "rows" }, ...rows.filter((row) => row.watch_time_seconds > 0)
    .map((row) => el("li", {}, name(row), el("span", { className: "dim", textContent: ` ${duration(row.watch_time_seconds)}` }))));
  const details = el("details", {}, el("summary", { textContent: say.more }), part(say.months, columns(year, months)), el("div", { className: "grid" },
    part(say.top_titles, longest(top_titles, titleLink)),
    part(say.top_genres, longest(top_genres, ({ genre }) => genres.get(genre) ?? genre.replaceAll("-", " ")))));
  details.addEventListener("toggle", () => details.querySelectorAll("a").forEach(nameAnew), { once: true });
  return [heading, el("p", { textContent: `${watched}${finished}` }), details];
}

const titleLink = ({ title_id, name }) => el("a", { href: `#/titles/${title_id}`, id: title_id, textContent: name });

/** Figures name a title in one language, and also one that is not offered any more. */
async function nameAnew(link) {
  const title = await callQuietly("GET", `/v1/titles/${link.id}`).catch(() => null);
  if (title) link.textContent = title.name;
  else link.removeAttribute("href");
}

/** A column for each month, said as text to whoever does not see it. */
function columns(year, months) {
  const most = Math.max(...months.map(({ watch_time_seconds }) => watch_time_seconds));
  return el("ol", { className: "months" }, ...months.map(({ month, watch_time_seconds }) => {
    const name = (width) => new Date(Date.UTC(year, month - 1)).toLocaleDateString(locale(), { month: width, timeZone: "UTC" });
    const text = `${name("long")}: ${duration(watch_time_seconds)}`;
    const bar = el("span", { className: "bar", title: text });
    bar.style.height = `${(100 * watch_time_seconds) / most}%`;
    return el("li", {}, el("span", { className: "column", ariaHidden: "true" }, bar), el("span", { className: "dim", ariaHidden: "true", textContent: name("narrow") }),
      el("span", { className: "unseen", textContent: text }));
  }));
}
