// The part of the account's page that brings into the profile what was watched, rated and listed elsewhere: a file is sent, looked at, confirmed, and taken back.

import { call, claims, refused, sendFile, sentence } from "./api.js";
import { action, alertLine, el, field, form } from "./dom.js";

/** Lines of a file that are shown at a time. */
const PAGE_SIZE = 20;
/** How often a file is looked at that is being read, and for how long. */
const POLL_MS = 2000;
const POLL_FOR_MS = 120_000;

const SOURCES = {
  netflix: { name: "Netflix", about: "Viewing activity as CSV: the columns Title and Date, or the longer table of all data." },
  letterboxd: { name: "Letterboxd", about: "One of watched.csv, diary.csv, ratings.csv and watchlist.csv." },
  trakt: { name: "Trakt", about: "JSON with lists of history, watched, ratings or watchlist." },
};
const LIMITS = "At most 20 MiB and 50,000 lines.";
const GONE = "The file cannot be read any more. Choose it again.";
const WHAT = {
  watched: () => "watched",
  rated: ({ rating }) => `rated ${rating} of 10`,
  listed: () => "for the watchlist",
};
/** Why a line is no title here. */
const REASONS = {
  unknown_title: "nothing that this profile may see is called so",
  ambiguous: "several titles are called so",
  invalid_date: "its date is none, or has not come yet",
  unclear_date: "its day may be the month: say how dates are written, and send the file again",
  invalid_rating: "the other service has no such rating",
  unreadable: "it cannot be read",
};

const nameOf = ({ source, created_at }) =>
  `${SOURCES[source]?.name ?? source}, ${new Date(created_at).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" })}`;
/** Files tell days, and their midnights are those of UTC. */
const day = (text) => new Date(text).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });

/** What was imported into the profile that is chosen, and a form that imports more. */
export async function importsSection() {
  const [place, line] = [el("div"), alertLine()];
  const news = el("p", { className: "dim", role: "status", tabIndex: -1 });
  const listed = async () => (await call("GET", "/v1/users/me/imports")).items;
  /** Shows all imports anew, and what has come of it. */
  const tell = async (text) => {
    const items = await listed();
    const rows = await Promise.all(items.map((item) => row(item, line, tell)));
    const isWithin = place.contains(document.activeElement);
    place.replaceChildren(rows.length > 0 ? el("ul", { className: "rows" }, ...rows) : "");
    news.textContent = text;
    if (isWithin) news.focus();
    return items;
  };
  /** Until the file of an import was read. */
  const follow = async (id) => {
    const until = Date.now() + POLL_FOR_MS;
    let item;
    do {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (!place.isConnected) return;
      item = (await listed()).find((one) => one.id === id);
    } while (item?.status === "waiting" && Date.now() < until);
    await tell(newsOf(item));
  };
  const orSay = (work) => work.catch((error) => void (line.textContent = sentence(error)));
  // Imports belong to a profile. The token of a new account knows of none yet: whoever sends a file gets another one.
  const items = claims().pid ? await orSay(tell("")) : [];
  const waiting = items?.find(({ status }) => status === "waiting");
  if (waiting) orSay(follow(waiting.id));
  const about = "What you watched, rated and listed elsewhere comes into the profile that is chosen. You see what was found before anything is added.";
  const title = "History from another service";
  return el("section", { ariaLabel: title }, el("h2", { textContent: title }), el("p", { className: "dim", textContent: about }), importForm(tell, follow),
    news, line, place);
}

/** Why a file was refused is said with its import. */
function newsOf(item) {
  if (item?.status === "waiting") return "The file has not been read yet. Look again later.";
  if (item?.status !== "ready") return "";
  return item.counts.matched > 0 ? "The file was read. Nothing is added before you confirm it." : "The file was read. Nothing in it was found here.";
}

function importForm(tell, follow) {
  const options = (choices) => choices.map(([value, textContent]) => el("option", { value, textContent }));
  const source = el("select", { name: "source" }, ...options(Object.entries(SOURCES).map(([word, { name }]) => [word, name])));
  const about = el("p", { className: "dim", id: "import-about" });
  const file = field("File", { name: "file", type: "file", required: true });
  file.querySelector("input").setAttribute("aria-describedby", about.id);
  const isWatchlist = el("input", { type: "checkbox", name: "watchlist" });
  const watchlist = el("label", { className: "check" }, isWatchlist, "It is watchlist.csv, which looks like watched.csv");
  const orders = [["", "As the file tells"], ["day_first", "The day comes first"], ["month_first", "The month comes first"]];
  const order = el("label", {}, "Dates such as 3/4/25", el("select", { name: "date_order" }, ...options(orders)));
  const whose = field("Profile in the file, if it tells of several", { name: "source_profile", maxLength: 100, autocomplete: "off" });
  const show = () => {
    about.textContent = `${SOURCES[source.value].about} ${LIMITS}`;
    watchlist.hidden = source.value !== "letterboxd";
    order.hidden = whose.hidden = source.value !== "netflix";
  };
  source.addEventListener("input", show);
  file.addEventListener("input", ({ target }) => (isWatchlist.checked = /^watchlist/i.test(target.files[0]?.name ?? "")));
  const fields = [el("label", {}, "Service", source), about, file, watchlist, order, whose];
  const element = form({ title: "Send a file", fields, button: "Send the file", level: "h3" }, async (values) => {
    const id = await send(values, tell);
    element.reset();
    show();
    await tell("The file is being read.");
    await follow(id);
  });
  show();
  return element;
}

/** Begins an import and sends its file; what the service does not take is not sent along. */
async function send({ source, file, watchlist, date_order, source_profile }, tell) {
  const wish = { source, size: file.size };
  if (source === "letterboxd" && watchlist) wish.list = "watchlist";
  if (source === "netflix" && date_order) wish.date_order = date_order;
  if (source === "netflix" && source_profile) wish.source_profile = source_profile;
  const { id, upload } = await call("POST", "/v1/users/me/imports", wish, { once: true }).catch(async (error) => {
    // The other one may have been begun in another browser.
    if (error.code === "import_running") await tell("");
    throw error;
  });
  try {
    const bytes = await file.arrayBuffer().catch(() => {
      throw refused("file_gone", GONE);
    });
    await sendFile(upload.url, bytes);
  } catch (error) {
    // What will not come does not stand in the way of the next one.
    await call("DELETE", `/v1/users/me/imports/${id}`).catch(() => null);
    throw error;
  }
  return id;
}

function countsOf({ counts: { lines, matched, missed, duplicates, skipped } }) {
  return `Lines: ${lines}. Found: ${matched}. Not found or not clear: ${missed}. Said more than once: ${duplicates}. Not viewings, such as trailers: ${skipped}.`;
}

const writtenOf = ({ written: { history, ratings, watchlist } }) =>
  `Added to the history: ${history}, ratings: ${ratings}, watchlist: ${watchlist}. What was there before has stayed.`;

/** One import with what can be done about it; `tell` shows all of them anew. */
async function row(item, line, tell) {
  const { id, status, counts, written, refused: refusal } = item;
  const name = nameOf(item);
  const [isReady, isConfirmed] = [status === "ready", status === "confirmed"];
  const facts = [];
  if (status === "waiting") facts.push(el("p", { className: "dim", textContent: "The file has not arrived, or is being read." }));
  if (refusal) facts.push(el("p", { className: "error", role: "alert", textContent: refusal.detail }));
  if (counts) facts.push(el("p", { textContent: countsOf(item) }));
  if (written) facts.push(el("p", { textContent: writtenOf(item) }));
  const missed = () => linesOf(id, "misses", "Not found or not clear");
  if (isReady && counts.matched > 0) facts.push(await linesOf(id, "matches", "Found"));
  if (isReady && counts.missed > 0) facts.push(await missed());
  const confirm = isReady && counts.matched > 0 ? action("Confirm the import", line, async () => {
    await call("POST", `/v1/users/me/imports/${id}/confirm`);
    await tell("The import is confirmed.");
  }) : null;
  const more = isConfirmed && counts?.missed > 0 ? action("Show what was not found", line, async (button) => {
    const lines = await missed();
    button.remove();
    facts.at(-1).after(lines);
    lines.querySelector("h3").focus();
  }, { className: "plain", ariaLabel: `Show what was not found: ${name}` }) : null;
  const remove = action(isConfirmed ? "Undo" : "Delete", line, async () => {
    const sure = `Undo the import from ${name}? What it added goes. What was there before stays, and so does what you have rated, listed or watched since.`;
    if (isConfirmed && !window.confirm(sure)) return;
    await call("DELETE", `/v1/users/me/imports/${id}`);
    await tell(isConfirmed ? "The import is undone." : "The import is deleted. Nothing of it was added.");
  }, { className: "plain", ariaLabel: `${isConfirmed ? "Undo" : "Delete"} the import from ${name}` });
  return el("li", {}, el("strong", { textContent: name }), ...facts, el("div", { className: "buttons" }, confirm, more, remove));
}

/** Lines of a file: those that are titles here, or those that are not. */
async function linesOf(id, show, heading) {
  const page = (after = "") => call("GET", `/v1/users/me/imports/${id}?show=${show}&limit=${PAGE_SIZE}${after}`);
  const [list, line] = [el("ul", { className: "rows" }), alertLine()];
  let cursor;
  const add = ({ lines: { items, next_cursor } }) => {
    list.append(...items.map(lineRow));
    cursor = next_cursor;
    more.hidden = !cursor;
  };
  const more = action("Show more", line, async () => add(await page(`&cursor=${encodeURIComponent(cursor)}`)),
    { className: "plain", ariaLabel: `Show more: ${heading}` });
  add(await page());
  return el("div", { className: "lines" }, el("h3", { textContent: heading, tabIndex: -1 }), list, more, line);
}

function lineRow(said) {
  const { line, text, what, title, reason, at } = said;
  const name = title ? el("a", { href: `#/titles/${title.id}`, textContent: [title.name, title.year && `(${title.year})`].filter(Boolean).join(" ") })
    : el("strong", { textContent: text });
  const facts = [title ? WHAT[what]?.(said) ?? what : REASONS[reason] ?? reason, at && `on ${day(at)}`].filter(Boolean).join(" ");
  return el("li", {}, name, el("span", { className: "dim", textContent: ` ${facts}, line ${line}` }));
}
