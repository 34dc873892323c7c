// What the person wants to be told, on which channels, and when not.

import { call } from "./api.js";
import { el, field, form } from "./dom.js";
import { pushSection } from "./push.js";

/** What is proposed to whoever has chosen none. */
const NIGHT = { from: "22:00", until: "07:00" };
const MORNING = "08:00";
/** Where nobody has said otherwise. */
const DEFAULT_ZONE = "UTC";

const CHANNELS = { in_app: "In the list", email: "By mail", push: "In browsers" };
/** `always`: why its mails cannot be switched off. */
const WORKFLOWS = {
  security: {
    name: "Security",
    about: "Sign-ins, passwords, copies of your data.",
    always: "Mails always come: they tell you when somebody else uses what is yours.",
  },
  billing: { name: "Payments", about: "Your plan, what you pay, and what could not be paid.", always: "Mails always come: they tell you what is paid, and what for." },
  account: { name: "Account", about: "What there is to know about the account itself." },
  titles: { name: "Films and series", about: "What leaves soon of what you put on your list or left half seen." },
  marketing: { name: "News and offers", about: "Comes by mail and in browsers only if you ask for it." },
};

const dim = (text, properties) => el("p", { className: "dim", textContent: text, ...properties });
const words = (name) => name.replaceAll("_", " ");

export async function showPreferences(show) {
  let preferences = await call("GET", "/v1/notifications/preferences");
  const done = el("p", { role: "status" });
  const workflows = Object.entries(preferences.workflows).map(([name, channels]) => workflowPart(name, channels));
  const zone = zonePart(preferences);
  const quiet = quietPart(preferences.quiet_hours);
  const digest = digestPart(preferences.digest_at);
  const fields = [...workflows, quiet, digest, zone].map(({ element }) => element);
  const choice = form({ fields, button: "Save", below: [done] }, async () => {
    done.textContent = "";
    const wishes = {
      workflows: Object.fromEntries(workflows.map(({ name, chosen }) => [name, chosen()])),
      time_zone: zone.chosen(),
      quiet_hours: quiet.chosen(),
      digest_at: digest.chosen(),
    };
    // Whoever unsubscribed by a link meanwhile stays unsubscribed.
    const wanted = changed(preferences, wishes, await call("GET", "/v1/notifications/preferences"));
    preferences = await call("PUT", "/v1/notifications/preferences", wanted);
    for (const { name, set } of workflows) set(preferences.workflows[name]);
    done.textContent = "Saved.";
  });
  choice.classList.add("preferences");
  choice.addEventListener("input", () => (done.textContent = ""));
  show(el("h1", { textContent: "What you are told" }), el("p", {}, el("a", { href: "#/notifications", textContent: "Back to the notifications" })),
    choice, ...[pushSection()].filter(Boolean));
}

/** What is stored, but for what differs between what was shown and what is wished. */
function changed(shown, wished, stored) {
  const areObjects = [shown, wished, stored].every((value) => value !== null && typeof value === "object");
  if (!areObjects) return JSON.stringify(shown) === JSON.stringify(wished) ? stored : wished;
  return Object.fromEntries(Object.keys(wished).map((key) => [key, changed(shown[key], wished[key], stored[key])]));
}

function part(title, ...children) {
  return el("fieldset", {}, el("legend", { textContent: title }), ...children);
}

function check(text, properties) {
  const input = el("input", { type: "checkbox", ...properties });
  return [input, el("label", { className: "check" }, input, text)];
}

/** What one workflow tells, with a box for each channel. */
function workflowPart(workflow, channels) {
  const { name, about, always } = WORKFLOWS[workflow] ?? { name: words(workflow) };
  const reason = always ? dim(always, { id: `${workflow}-always` }) : null;
  const boxes = Object.entries(channels).map(([channel, isOn]) => {
    const isFixed = channel === "email" && always !== undefined;
    const [input, label] = check(CHANNELS[channel] ?? words(channel), { checked: isOn || isFixed, disabled: isFixed });
    if (isFixed) input.setAttribute("aria-describedby", reason.id);
    return { channel, input, label };
  });
  const element = part(name, about ? dim(about) : null, el("div", { className: "choices" }, ...boxes.map(({ label }) => label)), reason);
  const set = (stored) => boxes.forEach(({ channel, input }) => (input.checked = stored[channel]));
  return { name: workflow, element, set, chosen: () => Object.fromEntries(boxes.map(({ channel, input }) => [channel, input.checked])) };
}

/** A box, and times that count while it is ticked. */
function timed(title, about, text, isOn, times) {
  const [box, label] = check(text, { checked: isOn });
  const place = el("div", { className: "choices" }, ...times);
  const tell = () => {
    place.hidden = !box.checked;
    // The browser would wait for what nobody sees.
    for (const input of place.querySelectorAll("input")) input.disabled = !box.checked;
  };
  box.addEventListener("input", tell);
  tell();
  const value = (index) => place.querySelectorAll("input")[index].value;
  return { element: part(title, dim(about), label, place), isOn: () => box.checked, value };
}

const time = (label, value) => field(label, { type: "time", required: true, value });

function quietPart(hours) {
  const { from, until } = hours ?? NIGHT;
  const { element, isOn, value } = timed("Quiet hours", "Nothing but security comes by mail or in browsers then. The rest comes afterwards.",
    "Keep quiet for some hours", hours !== null, [time("From", from), time("Until", until)]);
  return { element, chosen: () => (isOn() ? { from: value(0), until: value(1) } : null) };
}

function digestPart(at) {
  const { element, isOn, value } = timed("One mail a day", "Mails about films and series come together in one, also within quiet hours.",
    "Put them together", at !== null, [time("At", at ?? MORNING)]);
  return { element, chosen: () => (isOn() ? value(0) : null) };
}

/** The zones that the browser knows, and the one that is stored. */
function zonePart({ time_zone: stored, quiet_hours, digest_at }) {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([...Intl.supportedValuesOf("timeZone"), DEFAULT_ZONE, stored])].sort();
  const select = el("select", { name: "time_zone" }, ...zones.map((name) => el("option", { value: name, textContent: words(name) })));
  const take = el("button", { type: "button", className: "plain", textContent: `Take this browser's: ${words(here)}` });
  const tell = () => (take.hidden = select.value === here || !zones.includes(here));
  const choose = (zone) => {
    select.value = zone;
    tell();
  };
  select.addEventListener("input", tell);
  take.onclick = () => {
    choose(here);
    // The button is gone, and what was saved is not what is shown.
    select.focus();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // The default is nobody's choice while no time of day depends on it.
  const isUnchosen = stored === DEFAULT_ZONE && quiet_hours === null && digest_at === null;
  choose(isUnchosen && zones.includes(here) ? here : stored);
  return { element: part("Time zone", el("label", {}, "Zone of the times above", select), take), chosen: () => select.value };
}
