// "Who is watching?", and what each profile may see.

import { call, claims, resume, switchProfile } from "./api.js";
import { action, alertLine, attempt, el, field, form } from "./dom.js";

const PIN = { type: "password", inputMode: "numeric", pattern: "[0-9]{4,8}", title: "Four to eight digits", autocomplete: "off" };
const CAP = { name: "max_rating", type: "number", min: 0, max: 18, required: true };

const listed = async () => (await call("GET", "/v1/users/me/profiles")).items;
const facts = ({ max_rating, has_pin }) => (has_pin ? `up to ${max_rating}+, with a PIN` : `up to ${max_rating}+`);

/** Choosing a profile; `then` is where to go afterwards. */
export async function showProfiles(show, then) {
  const line = alertLine();
  const choose = async (profile, pin) => {
    await switchProfile(profile.id, pin);
    location.hash = then || "#/";
  };
  const tiles = (await listed()).map((profile) => {
    const button = el("button", { type: "button", className: "tile" },
      el("strong", { textContent: profile.name }), el("span", { className: "dim", textContent: facts(profile) }));
    if (profile.id === claims().pid) button.ariaCurrent = "true";
    button.onclick = () => (profile.has_pin ? askForPin(show, profile, choose) : attempt(button, line, () => choose(profile)));
    return el("li", {}, button);
  });
  show(el("h1", { textContent: "Who is watching?" }), el("ul", { className: "tiles" }, ...tiles), line,
    el("a", { href: "#/account", className: "dim", textContent: "Change profiles" }));
}

function askForPin(show, profile, choose) {
  const pin = field("PIN", { ...PIN, name: "pin", required: true });
  show(form({ title: profile.name, fields: [pin], button: "Watch" }, ({ pin }) => choose(profile, pin)));
  pin.querySelector("input").focus();
}

/** The part of the account's page where profiles are made, changed and deleted. */
export async function profilesSection() {
  const list = el("ul", { className: "rows" });
  const line = alertLine();
  const refresh = async () => list.replaceChildren(...(await listed()).map((profile) => row(profile, refresh, line)));
  await refresh();
  const fields = [
    field("Name", { name: "name", required: true, maxLength: 40, autocomplete: "off" }),
    field("Highest age rating", { ...CAP, value: 18 }),
    field("PIN (optional)", { ...PIN, name: "pin" }),
  ];
  const add = form({ title: "Add a profile", fields, button: "Add", level: "h3" }, async ({ name, max_rating, pin }) => {
    await call("POST", "/v1/users/me/profiles", { name, max_rating: Number(max_rating), ...(pin && { pin }) });
    add.reset();
    await refresh();
  });
  return el("section", {}, el("h2", { textContent: "Profiles" }), list, line, add);
}

function row(profile, refresh, line) {
  const place = el("div");
  const change = action("Change", line, () => {
    if (place.hasChildNodes()) return place.replaceChildren();
    place.append(changeForm(profile, refresh));
    place.querySelector("input").focus();
  }, { className: "plain", ariaLabel: `Change ${profile.name}` });
  const remove = action("Delete", line, async () => {
    if (!window.confirm(`Delete the profile ${profile.name} with its lists and its history?`)) return;
    await call("DELETE", `/v1/users/me/profiles/${profile.id}`);
    if (profile.id === claims().pid) await resume();
    await refresh();
  }, { className: "plain", ariaLabel: `Delete ${profile.name}` });
  return el("li", {}, el("strong", { textContent: profile.name }), " ", el("span", { className: "dim", textContent: facts(profile) }),
    change, remove, place);
}

/** Sends only what has changed: taking a PIN away or raising the rating asks for a proof, a new name does not. */
function changeForm(profile, refresh) {
  const fields = [
    field("Name", { name: "name", required: true, maxLength: 40, autocomplete: "off", value: profile.name }),
    field("Highest age rating", { ...CAP, value: profile.max_rating }),
    field(profile.has_pin ? "New PIN (empty: the old one stays)" : "PIN (optional)", { ...PIN, name: "pin" }),
  ];
  if (profile.has_pin) fields.push(el("label", { className: "check" }, el("input", { type: "checkbox", name: "open" }), "No PIN any more"));
  return form({ fields, button: "Save" }, async ({ name, max_rating, pin, open }) => {
    const patch = {};
    if (name !== profile.name) patch.name = name;
    if (Number(max_rating) !== profile.max_rating) patch.max_rating = Number(max_rating);
    if (open) patch.pin = null;
    else if (pin) patch.pin = pin;
    await call("PATCH", `/v1/users/me/profiles/${profile.id}`, patch);
    await refresh();
  });
}
