// The account's page: plan and payments, profiles, what proves who the person is, a copy of their data, the end of the account.

import { call, forget } from "./api.js";
import { action, alertLine, el, field, form } from "./dom.js";
import { planSection } from "./plans.js";
import { profilesSection } from "./profiles.js";

/** How often an export is looked at. */
const POLL_MS = 2000;

export async function showAccount(show) {
  const [account, plan, profiles, providers] =
    await Promise.all([call("GET", "/v1/users/me"), planSection(), profilesSection(), providersSection()]);
  show(el("h1", { textContent: "Account" }), el("p", { className: "dim", textContent: account.email }),
    plan, profiles, passwordSection(), authenticatorSection(), providers, exportSection(), deletionSection(show));
}

function section(title, ...children) {
  return el("section", {}, el("h2", { textContent: title }), ...children);
}

function passwordSection() {
  const done = el("p", { className: "dim", role: "status" });
  const fields = [
    field("Password", { name: "current", type: "password", required: true, autocomplete: "current-password" }),
    field("New password, 10 to 128 characters", { name: "new", type: "password", required: true, autocomplete: "new-password" }),
  ];
  const change = form({ fields, button: "Change the password" }, async (values) => {
    done.textContent = "";
    await call("POST", "/v1/auth/password/change", values);
    change.reset();
    done.textContent = "The password is changed, and all other devices are signed out.";
  });
  return section("Password", change, done);
}

function authenticatorSection() {
  const [line, place] = [alertLine(), el("div")];
  const begin = action("Set up an authenticator", line, async () => {
    const { secret, otpauth_uri } = await call("POST", "/v1/auth/mfa/totp", {});
    const code = field("Code that it shows", { name: "code", required: true, autocomplete: "one-time-code" });
    const confirm = form({ fields: [code], button: "Take it into use" }, async (values) => {
      const { recovery_codes } = await call("POST", "/v1/auth/mfa/totp/confirm", values);
      place.replaceChildren(el("p", { role: "status", textContent: "The authenticator is in use. Each of these codes takes its place once. They are shown only now:" }),
        el("ul", { className: "codes" }, ...recovery_codes.map((code) => el("li", {}, el("code", { textContent: code })))));
    });
    place.replaceChildren(el("p", {}, "Enter this secret in the authenticator, or ", el("a", { href: otpauth_uri, textContent: "open it there" }), ": ",
      el("code", { textContent: secret })), confirm);
    code.querySelector("input").focus();
  });
  const remove = action("Remove the authenticator", line, async () => {
    await call("DELETE", "/v1/auth/mfa/totp");
    place.replaceChildren(el("p", { role: "status", textContent: "Signing in takes the password alone again." }));
  }, { className: "plain" });
  return section("Two-step sign-in", begin, remove, line, place);
}

/** What else signs in here; nothing where nothing does. */
async function providersSection() {
  const { items } = await call("GET", "/v1/auth/oauth/links");
  if (items.length === 0) return "";
  const line = alertLine();
  const rows = items.map(({ provider, linked_at }) => {
    const row = el("li", {}, el("strong", { textContent: provider }), " ",
      el("span", { className: "dim", textContent: `since ${new Date(linked_at).toLocaleDateString("en-GB")}` }));
    row.append(action("Unlink", line, async () => {
      await call("DELETE", `/v1/auth/oauth/${encodeURIComponent(provider)}`);
      row.remove();
    }, { className: "plain", ariaLabel: `Unlink ${provider}` }));
    return row;
  });
  return section("Other ways to sign in", el("ul", { className: "rows" }, ...rows), line);
}

function exportSection() {
  const [line, status] = [alertLine(), el("p", { role: "status" })];
  const begin = action("Make a copy of my data", line, async () => {
    let state = await call("POST", "/v1/users/me/export");
    status.textContent = "The copy is being made.";
    while (state.status === "preparing" && status.isConnected) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      state = await call("GET", `/v1/users/me/export/${state.id}`);
    }
    if (state.url) status.replaceChildren(el("a", { href: state.url, textContent: "Download the copy", download: "" }));
  });
  return section("Your data", begin, line, status);
}

function deletionSection(show) {
  const sure = el("label", { className: "check" }, el("input", { type: "checkbox", required: true }),
    "I want everything about me to be erased. This cannot be taken back.");
  const end = form({ fields: [sure], button: "Delete the account" }, async () => {
    const { receipts_url } = await call("DELETE", "/v1/auth/account");
    forget();
    show(el("h1", { textContent: "The account is being erased" }),
      el("p", {}, "You are signed out everywhere. Each part of the service writes a receipt: ", el("a", { href: receipts_url, textContent: "see how far it is" }), "."));
  });
  return section("Delete the account", end);
}
