// The page: sign in, browse, search, watch. Addresses live in the fragment.

import { call, isSignedIn, resume, signIn, signOut, verifyCode } from "./api.js";
import { play, state } from "./player.js";

window.cinema = { player: state };
const view = document.querySelector("#view");
let leave = () => {};
let visit = 0;

/** An element with properties and children; text is never parsed as HTML. */
function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

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
  const path = query ? `/v1/search?q=${encodeURIComponent(query)}&limit=50` : "/v1/titles?limit=50";
  const page = await call("GET", path);
  const list = el("ul", { className: "grid" }, ...page.items.map(card));
  const empty = page.items.length === 0 ? el("p", { className: "dim", textContent: "Nothing found." }) : null;
  const more = el("button", { className: "plain", textContent: "Show more", hidden: !page.next_cursor });
  let cursor = page.next_cursor;
  more.onclick = async () => {
    more.disabled = true;
    try {
      const next = await call("GET", `${path}&cursor=${encodeURIComponent(cursor)}`);
      list.append(...next.items.map(card));
      cursor = next.next_cursor;
      more.hidden = !cursor;
    } finally {
      more.disabled = false;
    }
  };
  show(el("h1", { textContent: query ? `“${query}”` : "Films" }), empty ?? list, more);
}

async function showTitle(show, id) {
  const title = await call("GET", `/v1/titles/${id}`);
  const people = (title.credits ?? []).map((credit) => `${credit.name} (${credit.role})`).join(", ");
  const message = el("p", { className: "error", role: "alert" });
  const stage = el("div", { className: "player", hidden: true });
  const button = el("button", { id: "play", textContent: isSignedIn() ? "Play" : "Sign in to watch" });
  button.onclick = async () => {
    if (!isSignedIn()) return void (location.hash = `#/sign-in?then=${encodeURIComponent(location.hash)}`);
    button.disabled = true;
    message.textContent = "";
    const video = el("video", { controls: true, autoplay: true, playsInline: true });
    stage.replaceChildren(video);
    stage.hidden = false;
    try {
      const stop = await play(video, id, (reason) => {
        message.textContent = reason;
        stage.hidden = true;
        button.disabled = false;
      });
      // Somebody who has left meanwhile does not hold a stream.
      if (!video.isConnected) return stop();
      leave = stop;
    } catch (error) {
      stage.hidden = true;
      button.disabled = false;
      message.textContent = error.message;
    }
  };
  show(el("div", { className: "title" }, stage, el("h1", { textContent: title.name }),
    el("p", { className: "dim", textContent: [title.year, ...(title.genres ?? []).map((genre) => genre.name)].filter(Boolean).join(" · ") }),
    el("p", { textContent: title.synopsis ?? "" }), el("p", { className: "dim", textContent: people }),
    el("div", {}, button), message));
}

function showSignIn(show, then) {
  const message = el("p", { className: "error", role: "alert" });
  const email = el("input", { name: "email", type: "email", required: true, autocomplete: "username", placeholder: "Email" });
  const password = el("input", { name: "password", type: "password", required: true, autocomplete: "current-password", placeholder: "Password" });
  const form = el("form", { className: "box" }, el("h1", { textContent: "Sign in" }), email, password,
    el("button", { textContent: "Sign in" }), message);
  form.onsubmit = async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      const token = await signIn(email.value, password.value);
      if (token) showCode(show, then, token);
      else enter(then);
    } catch (error) {
      message.textContent = error.message;
    }
  };
  show(form);
}

function showCode(show, then, token) {
  const message = el("p", { className: "error", role: "alert" });
  const code = el("input", { name: "code", required: true, autocomplete: "one-time-code", placeholder: "Code" });
  const form = el("form", { className: "box" }, el("h1", { textContent: "Two-step sign-in" }),
    el("p", { className: "dim", textContent: "The six digits of your authenticator, or a recovery code." }), code,
    el("button", { textContent: "Sign in" }), message);
  form.onsubmit = async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      await verifyCode(token, code.value);
      enter(then);
    } catch (error) {
      message.textContent = error.message;
    }
  };
  show(form);
  code.focus();
}

function enter(then) {
  localStorage.setItem("signed-in", "yes");
  location.hash = then || "#/";
}

function showAccount() {
  const corner = document.querySelector("#account");
  if (!isSignedIn()) return corner.replaceChildren(el("a", { href: "#/sign-in", textContent: "Sign in", className: "brand" }));
  const out = el("button", { className: "plain", textContent: "Sign out" });
  out.onclick = async () => {
    await signOut().catch(() => {});
    localStorage.removeItem("signed-in");
    location.hash = "#/";
    await route();
  };
  corner.replaceChildren(out);
}

async function route() {
  leave();
  leave = () => {};
  // An answer that comes after the visitor has gone elsewhere is not shown.
  const mine = ++visit;
  const show = (...nodes) => mine === visit && view.replaceChildren(...nodes);
  showAccount();
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const parameters = new URLSearchParams(query ?? "");
  try {
    const title = path.match(/^\/titles\/(\w+)$/);
    if (title) await showTitle(show, title[1]);
    else if (path === "/sign-in") showSignIn(show, parameters.get("then"));
    else if (path === "/code") showCode(show);
    else if (path === "/signed-in") (await resume()) ? enter() : showSignIn(show);
    else await showList(show, parameters.get("q"));
  } catch (error) {
    show(el("p", { className: "error", role: "alert", textContent: error.message }));
  }
}

document.querySelector("#search").onsubmit = (event) => {
  event.preventDefault();
  location.hash = `#/?q=${encodeURIComponent(new FormData(event.target).get("q"))}`;
};
window.addEventListener("hashchange", route);
window.addEventListener("pagehide", () => leave(true));
if (localStorage.getItem("signed-in")) await resume();
await route();
