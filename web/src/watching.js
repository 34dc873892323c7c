// What the account streams right now, and buttons that end a stream from here.

import { call, callQuietly } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { deviceId } from "./player.js";

const clock = (text) => new Date(text).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
const deviceOf = (stream) => stream.device_name ?? "an unnamed device";

/** What this call answers, or nothing: a stream is listed without its names. */
const orNothing = (answer) => answer.catch(() => null);

/** Names of profiles and titles; what somebody may not see has none. */
async function namesOf(streams) {
  const titles = [...new Set(streams.map(({ title_id }) => title_id).filter(Boolean))];
  const [profiles, ...found] = await Promise.all([orNothing(callQuietly("GET", "/v1/users/me/profiles")),
    ...titles.map((id) => orNothing(callQuietly("GET", `/v1/titles/${id}`)))]);
  return {
    profiles: new Map((profiles?.items ?? []).map(({ id, name }) => [id, name])),
    titles: new Map(found.filter(Boolean).map(({ id, name }) => [id, name])),
  };
}

function row(stream, { profiles, titles }, end) {
  const device = el("strong", { textContent: stream.is_this_device ? `${deviceOf(stream)} (this device)` : deviceOf(stream) });
  const watcher = stream.is_own ? "you" : profiles.get(stream.profile_id) ?? "another profile";
  const name = titles.get(stream.title_id);
  const film = name ? el("a", { href: `#/titles/${stream.title_id}`, textContent: name }) : el("span", { textContent: "a film that is not shown here" });
  const facts = el("span", { className: "dim" }, " plays ", film, ` for ${watcher}, since ${clock(stream.started_at)}. `);
  return el("li", {}, device, facts, end(stream));
}

/** A list of streams; `end` makes the button of each. */
async function list(streams, end) {
  const names = await namesOf(streams);
  return el("ul", { className: "rows" }, ...streams.map((stream) => row(stream, names, end)));
}

const kick = (stream) => call("DELETE", `/v1/playback/active/${stream.session_id}`);

/** The part of the account's page that says who is watching. */
export async function watchingSection() {
  const [place, line] = [el("div"), alertLine()];
  const news = el("p", { className: "dim", role: "status", tabIndex: -1 });
  const end = (stream) => action("End", line, async () => {
    await kick(stream);
    await look();
    news.textContent = `The stream on ${deviceOf(stream)} was ended.`;
    news.focus();
  }, { className: "plain", ariaLabel: `End the stream on ${deviceOf(stream)}` });
  async function look() {
    const { items } = await call("GET", `/v1/playback/active?device_id=${encodeURIComponent(deviceId())}`);
    place.replaceChildren(items.length > 0 ? await list(items, end) : el("p", { className: "dim", textContent: "Nothing is being watched." }));
  }
  await look();
  return el("section", { ariaLabel: "Watching now" }, el("h2", { textContent: "Watching now" }), place, news, line);
}

/** What takes the streams of a plan, each with a button that ends it; `watch` begins anew here. */
export async function streamsInUse(streams, watch) {
  const line = alertLine();
  const end = (stream) => action("Stop it there and watch here", line, async () => {
    await kick(stream);
    await watch();
  }, { ariaLabel: `Stop ${deviceOf(stream)} and watch here` });
  return el("section", { ariaLabel: "Streams in use" }, await list(streams, end), line);
}
