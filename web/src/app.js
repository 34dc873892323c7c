// The page: sign in, browse, search, watch. Addresses live in the fragment.

import { showAccount, showLinked } from "./account.js";
import { picture } from "./artwork.js";
import { call, isSignedIn, resume, sentence, signOut, whenNeeded } from "./api.js";
import { continueWatching } from "./continue_watching.js";
import { alertLine, attempt, el } from "./dom.js";
import { historyLink, showHistory } from "./history.js";
import { bell, showNotifications } from "./notifications.js";
import { loadLibrary, play, reason, state } from "./player.js";
import { showPlans } from "./plans.js";
import { showPreferences } from "./preferences.js";
import { showProfiles } from "./profiles.js";
import { placeBefore } from "./providers.js";
import { sale, standing } from "./purchases.js";
import { unsubscribe } from "./push.js";
import { rating } from "./rating.js";
import { enter, showCode, showForgotten, showSignIn, showSignUp } from "./sign_in.js";
import { showSignInFailed } from "./sign_in_failed.js";
import { confirmIdentity, showSteppedUp } from "./step_up.js";
import { streamsInUse } from "./watching.js";

window.cinema = { player: state };
const view = document.querySelector("#view");
/** As many titles as a screen or two shows. */
const PAGE_SIZE = 48;
const NO_FILM = ["series", "season"];
let leave = () => {};
let visit = 0;

function minutes(seconds) {
  if (!seconds) return "";
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function card(title) {
  const poster = title.poster_url
    ? el("img", { src: title.poster_url, alt: "", loading: "lazy" })
    : el("div", { className: "blank" });
  const facts = [title.year, minutes(title.duration_seconds), Number.isInteger(title.rating) ? `${title.rating}+` : ""];
  return el("li", {}, el("a", { className: "card", href: `#/titles/${title.id}` }, poster,
    el("strong", { textContent: title.name }), el("span", { className: "dim", textContent: facts.filter(Boolean).join(" · ") })));
}

async function showList(show, query) {
  const path = query ? `/v1/search?q=${encodeURIComponent(query)}&limit=${PAGE_SIZE}` : `/v1/titles?limit=${PAGE_SIZE}`;
  const [page, row] = await Promise.all([call("GET", path), query ? null : continueWatching()]);
  const list = el("ul", { className: "grid" }, ...page.items.map(card));
  const empty = page.items.length === 0 ? el("p", { className: "dim", textContent: "Nothing found." }) : null;
  show(el("h1", { textContent: query ? `“${query}”` : "Films" }), row, empty ?? list, ...further(list, path, page.next_cursor));
}

/** The pages after the first: when the viewer comes near the end, or presses the button. */
function further(list, path, cursor) {
  const line = alertLine();
  const more = el("button", { className: "plain", textContent: "Show more", hidden: !cursor });
  const load = () => attempt(more, line, async () => {
    const next = await call("GET", `${path}&cursor=${encodeURIComponent(cursor)}`);
    list.append(...next.items.map(card));
    cursor = next.next_cursor;
    more.hidden = !cursor;
    // The end is still near: an observer only tells of changes.
    near.unobserve(more);
    if (cursor) near.observe(more);
  });
  // After a failure only the button tries again.
  const near = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && !line.textContent && load(), { rootMargin: "400px" });
  more.onclick = load;
  near.observe(more);
  return [more, line];
}

/** The picture on a title's page: what stands behind it adorns, a poster says which film this is. */
function banner({ name, artwork }) {
  if (artwork?.backdrop) return el("div", { className: "backdrop" }, picture(artwork.backdrop, "(min-width: 72rem) 68rem, 100vw", ""));
  return artwork?.poster ? el("div", { className: "poster" }, picture(artwork.poster, "15rem", `Poster of ${name}`)) : null;
}

/** `news`: a sentence on what has come of something that was begun here. */
async function showTitle(show, id, news = "") {
  const title = await call("GET", `/v1/titles/${id}`);
  const isFilm = !NO_FILM.includes(title.kind);
  const stands = isFilm ? await standing(title) : { offers: [], needs_payment: false };
  const people = (title.credits ?? []).map((credit) => `${credit.name} (${credit.role})`).join(", ");
  const message = el("p", { className: "error", role: "alert" });
  const stage = el("div", { className: "player", hidden: true });
  const inUse = el("div");
  const button = el("button", { id: "play", textContent: isSignedIn() ? "Play" : "Sign in to watch" });
  const isOffered = isFilm && (title.playable || !isSignedIn());
  button.hidden = !isOffered || stands.needs_payment;
  if (isFilm && !isOffered && title.why_not) message.textContent = reason(title.why_not, "This film cannot be watched.");
  if (isOffered && stands.needs_payment) message.textContent = news || reason("subscription_required");
  const again = (news) => showTitle(show, id, news);
  // Whoever has a plan is asked only when it does not include the film.
  const place = el("div", {}, isOffered && (stands.needs_payment || stands.own || !isSignedIn()) ? sale(title, stands, again) : null);
  const here = location.hash;
  const watch = async () => {
    if (!isSignedIn()) return void (location.hash = `#/sign-in?then=${encodeURIComponent(here)}`);
    button.disabled = true;
    message.textContent = "";
    inUse.replaceChildren();
    const video = el("video", { controls: true, autoplay: true, playsInline: true });
    stage.replaceChildren(video);
    stage.hidden = false;
    const stopped = (why) => {
      message.textContent = why;
      stage.hidden = true;
      button.disabled = false;
      button.focus();
    };
    try {
      const stop = await play(video, id, stopped);
      // Somebody who has left meanwhile does not hold a stream.
      if (!video.isConnected) return stop();
      leave = stop;
    } catch (error) {
      stopped(reason(error.code, sentence(error)));
      if (error.code === "too_many_streams") inUse.replaceChildren(await streamsInUse(error.problem.devices, watch));
      if (["subscription_required", "plan_too_low"].includes(error.code)) place.replaceChildren(sale(title, stands, again));
      if (error.code === "profile_required" && stage.isConnected) location.hash = `#/profiles?then=${encodeURIComponent(here)}`;
    }
  };
  button.onclick = watch;
  if (!button.hidden && isSignedIn()) loadLibrary();
  const needsPlan = button.hidden && (stands.needs_payment || ["subscription_required", "plan_too_low"].includes(title.why_not));
  const plans = needsPlan ? el("a", { href: "#/plans", textContent: "See the plans" }) : null;
  show(el("div", { className: "title" }, stage, banner(title), el("h1", { textContent: title.name }),
    el("p", { className: "dim", textContent: [title.year, ...(title.genres ?? []).map((genre) => genre.name)].filter(Boolean).join(" · ") }),
    el("p", { textContent: title.synopsis ?? "" }), el("p", { className: "dim", textContent: people }),
    el("div", {}, button), message, inUse, place, plans, isFilm ? rating(title) : null));
}

function showCorner() {
  const corner = document.querySelector("#account");
  if (!isSignedIn()) return corner.replaceChildren(el("a", { href: "#/sign-in", textContent: "Sign in", className: "brand" }));
  const line = alertLine();
  const out = el("button", { className: "plain", textContent: "Sign out" });
  out.onclick = () => attempt(out, line, async () => {
    leave();
    // Whoever signs in here next does not see what this account is told.
    await unsubscribe().catch(() => null);
    await signOut();
    localStorage.removeItem("signed-in");
    goHome();
  });
  corner.replaceChildren(bell(), el("a", { href: "#/plans", textContent: "Plans" }), historyLink(), el("a", { href: "#/profiles", textContent: "Profiles" }), el("a", { href: "#/account", textContent: "Account" }), out, line);
}

/** Also when the address is that of the list already. */
function goHome() {
  if (["", "#/"].includes(location.hash)) route();
  else location.hash = "#/";
}

const PAGES = new Map([
  ["/sign-in", showSignIn],
  ["/sign-up", showSignUp],
  ["/forgot", showForgotten],
  ["/code", (show, then) => showCode(show, then)],
  ["/plans", showPlans],
  ["/signed-in", async (show) => ((await resume()) ? enter(placeBefore()) : showSignIn(show))],
  ["/sign-in-failed", (show, then, reason) => showSignInFailed(show, reason)],
]);
/** Only for whoever is signed in. */
const OWN_PAGES = new Map([
  ["/profiles", showProfiles],
  ["/account", showAccount],
  ["/history", showHistory],
  ["/notifications", showNotifications],
  ["/notifications/preferences", showPreferences],
  ["/linked", showLinked],
  ["/stepped-up", showSteppedUp],
]);

/** Shows a page; its heading is its title, and is read out when the page before it is gone. */
function put(nodes) {
  view.replaceChildren(...nodes.filter((node) => node !== null));
  const heading = view.querySelector("h1");
  if (!heading) return;
  document.title = `${heading.textContent} · Online Cinema`;
  heading.tabIndex = -1;
  if (visit === 1) return;
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

/** Signs in with the cookie of an earlier visit, as soon as there is a connection. */
async function comeBack() {
  if (isSignedIn() || !localStorage.getItem("signed-in")) return;
  const isLive = await resume().catch(() => true);
  if (!isLive) localStorage.removeItem("signed-in");
}

async function route() {
  leave();
  leave = () => {};
  // An answer that comes after the visitor has gone elsewhere is not shown.
  const mine = ++visit;
  const show = (...nodes) => mine === visit && put(nodes);
  await comeBack();
  showCorner();
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const parameters = new URLSearchParams(query ?? "");
  const then = parameters.get("then");
  try {
    const title = path.match(/^\/titles\/(\w+)$/);
    if (title) await showTitle(show, title[1]);
    else if (PAGES.has(path)) await PAGES.get(path)(show, then, parameters.get("reason"));
    else if (OWN_PAGES.has(path)) await (isSignedIn() ? OWN_PAGES.get(path)(show, then) : showSignIn(show, location.hash));
    else await showList(show, parameters.get("q"));
  } catch (error) {
    show(el("p", { className: "error", role: "alert", textContent: sentence(error) }));
  }
}

function sessionIsOver() {
  localStorage.removeItem("signed-in");
  showCorner();
}

whenNeeded(confirmIdentity, sessionIsOver);
document.querySelector("#search").onsubmit = (event) => {
  event.preventDefault();
  location.hash = `#/?q=${encodeURIComponent(new FormData(event.target).get("q"))}`;
};
window.addEventListener("hashchange", route);
window.addEventListener("pagehide", () => leave(true));
// A page that comes back from the browser's memory has lost its player.
window.addEventListener("pageshow", (event) => event.persisted && route());
await route();
