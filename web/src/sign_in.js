// Signing in and up, and a forgotten password.

import { callAnonymously, signIn, verifyCode } from "./api.js";
import { action, alertLine, el, field, form } from "./dom.js";
import { placeBefore, signInLinks } from "./providers.js";

const email = () => field("Email", { name: "email", type: "email", required: true, autocomplete: "username" });
const password = () => field("Password", { name: "password", type: "password", required: true, autocomplete: "current-password" });
const newPassword = () =>
  field("New password, 10 to 128 characters", { name: "password", type: "password", required: true, autocomplete: "new-password" });
const code = () => field("Code", { name: "code", required: true, autocomplete: "one-time-code" });
const link = (text, href) => el("a", { className: "dim", textContent: text, href });

export function enter(then) {
  localStorage.setItem("signed-in", "yes");
  const place = then || "#/";
  // Whoever was asked to sign in on the page itself is there already.
  if (place === location.hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = place;
}

/** The address of a page that knows where to go on. */
const onTo = (path, then) => (then ? `${path}?then=${encodeURIComponent(then)}` : path);

async function begin(show, then, { email, password }) {
  const token = await signIn(email, password);
  if (token) showCode(show, then, token);
  else enter(then);
}

export function showSignIn(show, then) {
  const below = [link("Create an account", onTo("#/sign-up", then)), link("Forgot password?", onTo("#/forgot", then)), signInLinks(then)];
  show(form({ title: "Sign in", fields: [email(), password()], button: "Sign in", below }, async (values) => {
    try {
      await begin(show, then, values);
    } catch (error) {
      if (error.code !== "email_unverified") throw error;
      showVerification(show, then, values);
    }
  }));
}

/** `token`: what signing in has answered; without it, it is in a cookie. */
export function showCode(show, then, token) {
  const note = "The six digits of your authenticator, or a recovery code.";
  const element = form({ title: "Two-step sign-in", note, fields: [code()], button: "Sign in" }, async (values) => {
    await verifyCode(token, values.code);
    enter(token ? then : placeBefore());
  });
  show(element);
  element.querySelector("input").focus();
}

const register = ({ email, password }) => callAnonymously("POST", "/v1/auth/register", { email, password });

export function showSignUp(show, then) {
  const below = [link("I have an account", onTo("#/sign-in", then))];
  show(form({ title: "Create an account", fields: [email(), newPassword()], button: "Create the account", below }, async (values) => {
    await register(values);
    showVerification(show, then, values);
  }));
}

/** The password goes along with the code: the code alone proves who reads the mailbox, not who has chosen the password. */
function showVerification(show, then, credentials) {
  const note = `Enter the code that was mailed to ${credentials.email}. If this address has an account already, the mail says so.`;
  const line = alertLine();
  const again = action("Send a new code", line, () => register(credentials), { className: "plain" });
  const element = form({ title: "Confirm your address", note, fields: [code()], button: "Confirm", below: [again, line] }, async (values) => {
    await callAnonymously("POST", "/v1/auth/verify-email", { ...credentials, code: values.code });
    await begin(show, then, credentials);
  });
  show(element);
  element.querySelector("input").focus();
}

export function showForgotten(show, then) {
  const note = "If there is an account with this address, a code goes there.";
  show(form({ title: "Forgot password", note, fields: [email()], button: "Send a code" }, async (values) => {
    await callAnonymously("POST", "/v1/auth/password/forgot", values);
    showReset(show, then, values.email);
  }));
}

function showReset(show, then, address) {
  const note = `Enter the code that was sent to ${address}, and choose another password.`;
  const element = form({ title: "A new password", note, fields: [code(), newPassword()], button: "Set the password" }, async (values) => {
    await callAnonymously("POST", "/v1/auth/password/reset", { email: address, ...values });
    await begin(show, then, { email: address, password: values.password });
  });
  show(element);
  element.querySelector("input").focus();
}
