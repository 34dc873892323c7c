// "Confirm that it is you": the dialogue that opens when an operation asks for a fresh proof of identity.

import { call, resume, stepUp } from "./api.js";
import { attempt, alertLine, el, field } from "./dom.js";
import { leaving, linksAndOthers, placeBefore } from "./providers.js";

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
const ELSEWHERE = "What you are about to do is hard to take back. Confirm with the service that you sign in with.";

/** Back from a provider: the next token has a fresh proof. What was asked for is not repeated without the person. */
export async function showSteppedUp(show) {
  await resume();
  show(el("h1", { textContent: "Confirmed" }), el("p", {}, "It is you. ", el("a", { href: placeBefore(), textContent: "Go on where you were" }), "."));
}

/** What the account can give of what is needed. A password or a provider takes the place of a code nowhere. */
async function means({ second_factor: needsCode }) {
  if (needsCode) return { methods: ["code"], links: [] };
  const [factors, { links }] = await Promise.all([call("GET", "/v1/auth/mfa"), linksAndOthers()]);
  const has = { password: factors.password, code: factors.totp.enabled };
  return { methods: Object.keys(PROOFS).filter((method) => has[method]), links };
}

/** Asks for a proof; returns whether it was given: the person may leave the dialogue. */
export async function confirmIdentity(needed) {
  const before = document.activeElement;
  const { methods, links } = await means(needed);
  return new Promise((resolve, reject) => {
    let [method] = methods;
    let isGiven = false;
    const note = el("p", { id: "proof-note", textContent: ELSEWHERE });
    const place = el("div");
    const line = alertLine();
    const other = el("button", { type: "button", className: "plain", hidden: methods.length < 2 });
    const cancel = el("button", { type: "button", className: "plain", textContent: "Cancel" });
    // A provider's proof comes back with the browser, which goes there.
    const providers = links.map(({ provider, display_name }) => leaving(`Confirm with ${display_name}`, line, provider, "step_up"));
    const form = el("form", { className: "box" }, el("h2", { id: "proof-title", textContent: "Confirm that it is you" }),
      note, place, line, el("button", { textContent: "Confirm", hidden: !method }), ...providers, other, cancel);
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
      method = methods.find((another) => another !== method);
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
        isGiven = true;
        dialog.close();
      });
    };
    dialog.onclose = () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(isGiven);
    };
    window.addEventListener("hashchange", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
    if (method) ask();
  });
}
