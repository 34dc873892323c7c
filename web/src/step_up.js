// "Confirm that it is you": the dialogue that opens when an operation asks for a fresh proof of identity.

import { call, claims, resume, stepUp } from "./api.js";
import { action, attempt, alertLine, el, field } from "./dom.js";

const PROOFS = {
  password: {
    note: "What you are about to do is hard to take back. Enter your password.",
    input: () => field("Password", { name: "password", type: "password", required: true, autocomplete: "current-password" }),
    other: "Use a code of your authenticator instead",
  },
  code: {
    note: "Enter the six digits of your authenticator, or a recovery code.",
    input: () => field("Code", { name: "code", required: true, autocomplete: "one-time-code" }),
    other: "Use your password instead",
  },
};

/** For how long a proof is fresh; see `proof` in the operations' documents. */
const FRESH_SECONDS = 600;

/** What is asked for first: where the last proof is fresh or had a code, a code is what is missing. */
function likelyMethod() {
  const { auth_time = 0, amr = [] } = claims();
  return amr.includes("otp") || Date.now() / 1000 - auth_time < FRESH_SECONDS ? "code" : "password";
}

/** Proofs that another provider gives: the browser goes there, and comes back to `#/stepped-up`. */
async function providerButtons(line) {
  const { items } = await call("GET", "/v1/auth/oauth/links");
  return items.map(({ provider }) => action(`Confirm with ${provider}`, line, async () => {
    const { authorization_url } = await call("GET", `/v1/auth/oauth/${encodeURIComponent(provider)}/start?purpose=step_up`);
    sessionStorage.setItem("confirmed-for", location.hash);
    location.assign(authorization_url);
  }));
}

/** Back from a provider: the next token has a fresh proof. What was asked for is not repeated without the person. */
export async function showSteppedUp(show) {
  await resume();
  const place = sessionStorage.getItem("confirmed-for") || "#/";
  show(el("h1", { textContent: "Confirmed" }), el("p", {}, "It is you. ", el("a", { href: place, textContent: "Go on where you were" }), "."));
}

/** Asks for a proof; returns by what it was given, or null when the person leaves the dialogue. */
export function confirmIdentity(needsCode) {
  const before = document.activeElement;
  return new Promise((resolve, reject) => {
    let method = needsCode ? "code" : likelyMethod();
    let given = null;
    const note = el("p", { id: "proof-note" });
    const place = el("div");
    const line = alertLine();
    const other = el("button", { type: "button", className: "plain", hidden: needsCode });
    const cancel = el("button", { type: "button", className: "plain", textContent: "Cancel" });
    const providers = el("div", { className: "box" });
    const form = el("form", { className: "box" }, el("h2", { id: "proof-title", textContent: "Confirm that it is you" }),
      note, place, line, el("button", { textContent: "Confirm" }), providers, other, cancel);
    const dialog = el("dialog", {}, form);
    dialog.setAttribute("aria-labelledby", "proof-title");
    dialog.setAttribute("aria-describedby", "proof-note");

    function ask() {
      note.textContent = PROOFS[method].note;
      other.textContent = PROOFS[method].other;
      line.textContent = "";
      place.replaceChildren(PROOFS[method].input());
      place.querySelector("input").focus();
    }
    other.onclick = () => {
      method = method === "code" ? "password" : "code";
      ask();
    };
    cancel.onclick = () => dialog.close();
    form.onsubmit = (event) => {
      event.preventDefault();
      return attempt(form, line, async () => {
        const input = place.querySelector("input");
        try {
          await stepUp({ [method]: input.value });
        } catch (error) {
          if (error.code === "signed_out") return void (reject(error), dialog.close());
          input.select();
          throw error;
        }
        given = method;
        dialog.close();
      });
    };
    dialog.onclose = () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(given);
    };
    window.addEventListener("hashchange", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    ask();
    // A provider gives no code.
    if (!needsCode) providerButtons(line).then((buttons) => providers.append(...buttons), () => {});
  });
}
