// Elements, and forms that say what went wrong.

import { sentence } from "./api.js";

/** An element with properties and children; text is never parsed as HTML. */
export function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Where errors are said; screen readers say them too. */
export const alertLine = () => el("p", { className: "error", role: "alert" });

/** Runs `work` unless it runs already; what goes wrong is said in `line`. The focus stays where it is. */
export async function attempt(owner, line, work) {
  if (owner.ariaBusy === "true") return;
  owner.ariaBusy = "true";
  line.textContent = "";
  try {
    await work();
  } catch (error) {
    line.textContent = sentence(error);
  } finally {
    owner.ariaBusy = "false";
  }
}

/** A button that does something and says beside it what went wrong. */
export function action(text, line, work, properties = {}) {
  const button = el("button", { type: "button", textContent: text, ...properties });
  button.onclick = () => attempt(button, line, () => work(button));
  return button;
}

/** An input with its label. */
export function field(label, properties) {
  return el("label", {}, label, el("input", properties));
}

/** A form of labelled fields; `submit` gets their values by name. */
export function form({ title, note, fields, button, below = [], level = "h1" }, submit) {
  const line = alertLine();
  const element = el("form", { className: "box" }, title ? el(level, { textContent: title }) : null,
    note ? el("p", { className: "dim", textContent: note }) : null, ...fields, el("button", { textContent: button }), line, ...below);
  element.onsubmit = (event) => {
    event.preventDefault();
    return attempt(element, line, () => submit(Object.fromEntries(new FormData(element))));
  };
  return element;
}
