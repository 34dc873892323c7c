// The bell and what lies behind it: what the person was told, to be read and put away.

import { call, callQuietly } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { pushSection } from "./push.js";

const PAGE_SIZE = 20;
/** More than that is many. */
const MOST_COUNTED = 99;

/** The link in the corner with the number of what is new. It is there before the number is. */
export function bell() {
  const number = el("span", { className: "badge", hidden: true });
  const link = el("a", { id: "bell", href: "#/notifications" }, "Notifications", number);
  countAnew(link);
  return link;
}

/** Nobody waits for the number: without an answer there is none. */
async function countAnew(link = document.querySelector("#bell")) {
  const answer = await callQuietly("GET", "/v1/notifications/unread-count").catch(() => null);
  if (!link || !answer) return;
  const number = link.querySelector(".badge");
  number.hidden = answer.unread === 0;
  number.textContent = answer.unread > MOST_COUNTED ? `${MOST_COUNTED}+` : answer.unread;
  link.ariaLabel = answer.unread === 0 ? "Notifications" : `Notifications, ${answer.unread} unread`;
}

const when = (time) => new Date(time).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });

/** `then`: where the visitor wanted to go, which is here. */
export async function showNotifications(show, then, archived = false) {
  const query = `limit=${PAGE_SIZE}${archived ? "&state=archived" : ""}`;
  const page = await call("GET", `/v1/notifications?${query}`);
  const line = alertLine();
  const list = el("ul", { className: "rows notifications" });
  const empty = el("p", { className: "dim", textContent: archived ? "Nothing was put away." : "Nothing is new." });
  const tell = () => (empty.hidden = list.childElementCount > 0);
  const add = (items) => {
    list.append(...items.map((item) => row(item, line, tell)));
    tell();
  };
  let cursor = page.next_cursor;
  const more = action("Show more", line, async () => {
    const next = await call("GET", `/v1/notifications?${query}&cursor=${encodeURIComponent(cursor)}`);
    add(next.items);
    cursor = next.next_cursor;
    more.hidden = !cursor;
  }, { className: "plain", hidden: !cursor });
  const readAll = action("Mark all as read", line, async () => {
    await call("POST", "/v1/notifications/read-all", {});
    for (const unread of list.querySelectorAll(".unread")) unread.dispatchEvent(new Event("read"));
    await countAnew();
  }, { className: "plain", hidden: archived });
  const other = action(archived ? "Back to the inbox" : "What was put away", line,
    () => showNotifications(show, then, !archived), { className: "plain" });
  const wishes = el("a", { className: "dim", href: "#/notifications/preferences", textContent: "Choose what you are told" });
  add(page.items);
  show(el("h1", { textContent: archived ? "Put away" : "Notifications" }), el("p", { className: "buttons" }, readAll, other, wishes), line, empty, list, more,
    ...[archived ? null : pushSection()].filter(Boolean));
}

/** One notification with what can be done about it. */
function row(item, line, changed) {
  const set = (state) => call("PATCH", `/v1/notifications/${item.id}`, { state });
  const element = el("li", {}, el("h2", { textContent: item.title }), el("p", { className: "text", textContent: item.text.trim() }),
    el("time", { className: "dim", dateTime: item.created_at, textContent: when(item.created_at) }));
  const read = action("Mark as read", line, async () => {
    await set("read");
    isRead();
    await countAnew();
  }, { className: "plain", ariaLabel: `Mark as read: ${item.title}` });
  const isArchived = item.state === "archived";
  const move = action(isArchived ? "Take back" : "Put away", line, async () => {
    await set(isArchived ? "read" : "archived");
    element.remove();
    changed();
    await countAnew();
  }, { className: "plain", ariaLabel: `${isArchived ? "Take back" : "Put away"}: ${item.title}` });
  const isRead = () => {
    element.classList.remove("unread");
    read.hidden = true;
  };
  element.addEventListener("read", isRead);
  element.classList.add("unread");
  if (item.state !== "unread") isRead();
  element.append(read, move);
  return element;
}
