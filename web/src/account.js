// The account's page: what is being watched, plan and payments, ways to pay, films by themselves, invoices, profiles, a history from elsewhere, the way to what they are told, what proves who the person is, a copy of their data, the end of the account.

import { call, forget } from "./api.js";
import { action, alertLine, el, field, form } from "./dom.js";
import { importsSection } from "./imports.js";
import { invoicesSection } from "./invoices.js";
import { paymentMethods } from "./payment_methods.js";
import { planSection } from "./plan_section.js";
import { profilesSection } from "./profiles.js";
import { leaving, linksAndOthers, placeBefore } from "./providers.js";
import { purchasesSection } from "./purchases.js";
import { watchingSection } from "./watching.js";

/** How often an export is looked at. */
const POLL_MS = 2000;

/** How often, and how many times, an account is asked for that is being set up. */
const SET_UP_MS = 500;
const SET_UP_TRIES = 20;

/** Services hear of a new account within seconds. */
async function whenSetUp(ask) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error.status !== 404 || tries === SET_UP_TRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, SET_UP_MS));
  }
}

export async function showAccount(show) {
  const account = await whenSetUp(() => call("GET", "/v1/users/me"));
  const methods = paymentMethods();
  const [factors, watching, plan, purchases, invoices, profiles, imports, providers] = await Promise.all([
    call("GET", "/v1/auth/mfa"), watchingSection(), planSection(methods.look), purchasesSection(), invoicesSection(), whenSetUp(profilesSection), importsSection(), providersSection(),
    methods.look(),
  ]);
  show(el("h1", { textContent: "Account" }), el("p", { className: "dim", textContent: account.email }),
    watching, plan, methods.section, purchases, invoices, profiles, imports, notificationsSection(), passwordSection(factors), authenticatorSection(factors), providers, exportSection(), deletionSection(show));
}

const day = (time) => new Date(time).toLocaleDateString("en-GB");

function section(title, ...children) {
  return el("section", {}, el("h2", { textContent: title }), ...children);
}

function notificationsSection() {
  return section("Notifications", el("a", { href: "#/notifications/preferences", textContent: "Choose what you are told" }));
}

function passwordSection(factors) {
  if (!factors.password) {
    return section("Password", el("p", { className: "dim" }, "This account has none. ", el("a", { href: "#/forgot", textContent: "Set one with a code by mail" }), "."));
  }
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

function authenticatorSection(factors) {
  const [line, state, place] = [alertLine(), el("p", { className: "dim" }), el("div")];
  const begin = action("Set up an authenticator", line, async () => {
    const { secret, otpauth_uri } = await call("POST", "/v1/auth/mfa/totp", {});
    const code = field("Code that it shows", { name: "code", required: true, autocomplete: "one-time-code" });
    const confirm = form({ fields: [code], button: "Take it into use" }, async (values) => {
      const { recovery_codes } = await call("POST", "/v1/auth/mfa/totp/confirm", values);
      place.replaceChildren(el("p", { role: "status", textContent: "The authenticator is in use. Each of these codes takes its place once. They are shown only now:" }),
        el("ul", { className: "codes" }, ...recovery_codes.map((code) => el("li", {}, el("code", { textContent: code })))));
      await refresh();
    });
    place.replaceChildren(el("p", {}, "Enter this secret in the authenticator, or ", el("a", { href: otpauth_uri, textContent: "open it there" }), ": ",
      el("code", { textContent: secret })), confirm);
    code.querySelector("input").focus();
  });
  const remove = action("Remove the authenticator", line, async () => {
    await call("DELETE", "/v1/auth/mfa/totp");
    place.replaceChildren(el("p", { role: "status", textContent: "Signing in takes the password alone again." }));
    await refresh();
  }, { className: "plain" });
  const tell = ({ totp, recovery_codes_left }) => {
    begin.hidden = totp.enabled;
    remove.hidden = !totp.enabled;
    state.textContent = totp.enabled
      ? `An authenticator is in use since ${day(totp.since)}. Unused recovery codes: ${recovery_codes_left}.`
      : "No authenticator is in use.";
  };
  const refresh = async () => tell(await call("GET", "/v1/auth/mfa"));
  tell(factors);
  return section("Two-step sign-in", state, begin, remove, line, place);
}

/** What else signs in here, and what could; nothing where nothing does and nothing could. */
async function providersSection() {
  const { links, others } = await linksAndOthers();
  if (links.length + others.length === 0) return "";
  const line = alertLine();
  const rows = links.map(({ provider, display_name, linked_at }) => {
    const row = el("li", {}, el("strong", { textContent: display_name }), " ", el("span", { className: "dim", textContent: `since ${day(linked_at)}` }));
    row.append(action("Unlink", line, async () => {
      await call("DELETE", `/v1/auth/oauth/${encodeURIComponent(provider)}`);
      row.remove();
    }, { className: "plain", ariaLabel: `Unlink ${display_name}` }));
    return row;
  });
  const add = others.map(({ name, display_name }) => leaving(`Link ${display_name}`, line, name, "link"));
  return section("Other ways to sign in", el("ul", { className: "rows" }, ...rows), ...add, line);
}

/** Back from a provider whose account signs in here from now on. */
export function showLinked(show) {
  show(el("h1", { textContent: "Linked" }), el("p", {}, "The other service signs you in here as well from now on. ",
    el("a", { href: placeBefore(), textContent: "Go on where you were" }), "."));
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
  const lost = el("p", {}, "A plan ends at once, and what was paid for a period that has begun is not refunded. The films that you rented or bought are lost. Invoices stay for the bookkeeping, without your name.");
  return section("Delete the account", lost, end);
}
