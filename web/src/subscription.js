// The caller's subscription, as the API tells it.

import { call, callQuietly, Refused } from "./api.js";

/** A trial that was begun here a moment ago has not reached the entitlements yet. */
let hasBegun = false;

/** The subscription with its payment; `null` for somebody who never had one. */
export async function mine() {
  return (await neverHadOne()) ? null : look();
}

/** The same without asking first whether there is one. */
export async function look() {
  try {
    return await call("GET", "/v1/subscriptions/me");
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Asking for what is not there is an error in the browser's console, so what others know of it is asked for first. */
async function neverHadOne() {
  if (hasBegun) return false;
  const known = [callQuietly("GET", "/v1/users/me/entitlements"), callQuietly("GET", "/v1/payments?limit=1")];
  const [held, payments] = await Promise.all(known.map((answer) => answer.catch(() => null)));
  return held !== null && !held.valid_to && payments?.items.length === 0;
}

export const isLive = (answer) => answer !== null && !["pending", "ended"].includes(answer.subscription.status);

/** Goes to the provider's page if there is something to pay, else to the account. */
export function goOn(answer) {
  hasBegun = true;
  if (answer.checkout_url) location.assign(answer.checkout_url);
  else location.hash = "#/account";
}
