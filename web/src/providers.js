// Accounts of other providers that sign in here.

import { call, callAnonymously } from "./api.js";
import { action, el } from "./dom.js";

const PLACE = "left-from";

/** The providers whose accounts can sign in here. */
const listed = async () => (await callAnonymously("GET", "/v1/auth/oauth/providers")).items;

/** The account's links, and the providers that it has no link with. What is linked but not offered any more has only its name. */
export async function linksAndOthers() {
  const [{ items: links }, providers] = await Promise.all([call("GET", "/v1/auth/oauth/links"), listed()]);
  const nameOf = (provider) => providers.find(({ name }) => name === provider)?.display_name ?? provider;
  return {
    links: links.map((link) => ({ ...link, display_name: nameOf(link.provider) })),
    others: providers.filter(({ name }) => !links.some(({ provider }) => provider === name)),
  };
}

/** Links for whoever is not signed in; `then` is where to go on afterwards. They come when they are known, and the form beside them does not wait. */
export function signInLinks(then) {
  const place = el("div", { className: "box" });
  const link = ({ display_name, start_url }) => el("a", { href: start_url, textContent: `Sign in with ${display_name}`, onclick: () => remember(then) });
  listed().then((providers) => place.append(...providers.map(link)), () => {});
  return place;
}

/** A button that leaves a page that is signed in for a provider; `purpose` is `link` or `step_up`. */
export function leaving(text, line, provider, purpose) {
  return action(text, line, async () => {
    const { authorization_url } = await call("GET", `/v1/auth/oauth/${encodeURIComponent(provider)}/start?purpose=${purpose}`);
    remember(location.hash);
    location.assign(authorization_url);
  });
}

/** Only a place on this page: what is in an address may be anything. */
function remember(place) {
  sessionStorage.setItem(PLACE, place?.startsWith("#/") ? place : "#/");
}

/** Where the person was who has come back from a provider, asked for once. */
export function placeBefore() {
  const place = sessionStorage.getItem(PLACE) ?? "#/";
  sessionStorage.removeItem(PLACE);
  return place;
}
