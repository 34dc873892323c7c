// What the profile can watch on: a row above the films, and a button that takes a film out of it until it is played again.

import { call, callQuietly, claims } from "./api.js";
import { action, alertLine, el } from "./dom.js";

/** More than a row shows nobody looks for here. */
const ROW = 8;

/** The row; `null` where there is nothing to watch on. The films are there without it, so whatever goes wrong leaves it out. */
export async function continueWatching() {
  if (!claims().pid) return null;
  const page = await callQuietly("GET", `/v1/continue-watching?limit=${ROW}`).catch(() => null);
  if (!page?.items.length) return null;
  return el("section", { className: "continue", ariaLabel: "Continue watching" }, el("h2", { textContent: "Continue watching" }),
    el("ul", { className: "grid" }, ...page.items.map(item)));
}

function place({ is_next_episode, position_seconds, duration_seconds }) {
  if (is_next_episode && !position_seconds) return el("span", { className: "dim", textContent: "Next episode" });
  return el("progress", { max: duration_seconds, value: position_seconds, ariaLabel: "Watched so far" });
}

function item(continued) {
  const { id, name, poster_url } = continued.title;
  const line = alertLine();
  const poster = poster_url ? el("img", { src: poster_url, alt: "", loading: "lazy" }) : el("div", { className: "blank" });
  const link = el("a", { className: "continued", href: `#/titles/${id}` }, poster, el("strong", { textContent: name }), place(continued));
  const hide = action("Hide", line, async () => {
    await call("DELETE", `/v1/continue-watching/${id}`);
    entry.replaceChildren(el("p", { className: "dim", role: "status", textContent: `${name} is hidden until you play it again.` }), undo, line);
    undo.focus();
  }, { className: "plain", ariaLabel: `Hide ${name}` });
  const undo = action("Undo", line, async () => {
    await call("PUT", `/v1/continue-watching/${id}`);
    entry.replaceChildren(link, hide, line);
    hide.focus();
  }, { className: "plain", ariaLabel: `Show ${name} again` });
  const entry = el("li", {}, link, hide, line);
  return entry;
}
