// The API as this page uses it. The refresh token lives in a cookie that scripts cannot read.

let accessToken = null;
let resuming = null;
let confirming = null;
/** Set by `whenNeeded`. */
let confirmIdentity = async () => false;
let signedOut = () => {};

/** By which a person knows this device in the lists of their sessions and streams. */
export const deviceName = ["Browser", navigator.userAgentData?.platform || navigator.platform].filter(Boolean).join(" on ").slice(0, 64);

const UNREACHABLE = "There is no connection to the server. Try again in a moment.";
const SIGNED_OUT = "You have been signed out. Sign in again.";
const NOT_CONFIRMED = "Nothing was changed, because you did not confirm that it is you.";

/** A call that came to nothing; its message is a sentence for the person in front of the screen. */
export class Refused extends Error {
  constructor(status, problem) {
    super(sentenceOf(problem) ?? `Something went wrong on our side (${status}). Try again in a moment.`);
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
  }
}

/** A refusal of the page itself. */
export const refused = (code, detail) => new Refused(0, { code, detail });

/** `invalid_request` names places in the body by pointers: a person knows them as fields. */
function sentenceOf({ code, detail, errors }) {
  if (code !== "invalid_request" || !errors?.length) return detail;
  return errors.map(({ pointer, detail }) => {
    const field = pointer.split("/").at(-1).replaceAll("_", " ");
    return `${field.charAt(0).toUpperCase()}${field.slice(1)}: ${detail}.`;
  }).join(" ");
}

/** For whoever calls and shows what came of it. A mistake of the page itself goes to the console. */
export function sentence(error) {
  if (error instanceof Refused) return error.message;
  console.error(error);
  return "This page has made a mistake. Reload it and try again.";
}

/**
 * `anonymous`: without the access token; a wrong one is refused even where none is needed. `file`: the type of a file that is the answer.
 * `key`: an idempotency key.
 */
async function send(method, path, body, { keepalive = false, anonymous = false, file, key } = {}) {
  const headers = file ? { accept: file } : {};
  if (key) headers["idempotency-key"] = key;
  if (accessToken && !anonymous) headers.authorization = `Bearer ${accessToken}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response, text;
  try {
    response = await fetch(path, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
    if (file && response.ok) return await response.blob();
    text = await response.text();
  } catch {
    throw refused("unreachable", UNREACHABLE);
  }
  const answer = read(response, text);
  if (!response.ok) throw new Refused(response.status, answer ?? {});
  return answer;
}

/** What a server in between says by itself is not JSON, whatever it calls it. */
function read(response, text) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(response.status, {});
  }
}

/** Sends bytes by a link that the API has given; a store's own words are nothing to read. */
export async function sendFile(url, bytes) {
  const response = await fetch(url, { method: "PUT", body: bytes }).catch(() => null);
  if (!response) throw refused("unreachable", UNREACHABLE);
  if (!response.ok) throw new Refused(response.status, read(response, await response.text().catch(() => "")) ?? {});
}

/** What goes on behind the picture. */
export function callQuietly(method, path, body) {
  return call(method, path, body, { quiet: true });
}

/** A last request of a page that goes away: it is sent although nobody waits for its answer. */
export function leaveWith(method, path, body) {
  return send(method, path, body, { keepalive: true });
}

/**
 * Calls the API. An expired access token is refreshed, a profile that a new account has got meanwhile is taken, and a proof of identity that
 * the operation asks for is asked of the person; then the call is made again. `quiet`: nobody waits for it, so nobody is asked. `file`: the
 * answer is a file of this type. `once`: the server does it once, however often this call has to be sent.
 */
export async function call(method, path, body, { quiet = false, file, once = false } = {}) {
  const key = once ? crypto.randomUUID() : undefined;
  const caller = claims().sub;
  let isRefreshed = false;
  let proofs = 0;
  for (;;) {
    try {
      return await send(method, path, body, { file, key });
    } catch (error) {
      if (error.status === 401 && accessToken && !isRefreshed) {
        isRefreshed = true;
        if ((await resume()) && isStill(caller)) continue;
        signedOut();
        throw refused("signed_out", SIGNED_OUT);
      }
      if (error.code === "profile_required" && !isRefreshed) {
        isRefreshed = true;
        if ((await resume()) && isStill(caller) && claims().pid) continue;
      }
      // A dialogue that was open already may have asked for less than this needs.
      if (error.code === "step_up_required" && !quiet && proofs++ < 2) {
        if (await confirm(error.problem.proof)) continue;
        throw refused("not_confirmed", NOT_CONFIRMED);
      }
      throw error;
    }
  }
}

/** Another tab may have signed somebody else in: nothing that one person asked for is done as another. The page begins anew as the other. */
function isStill(account) {
  if (claims().sub === account) return true;
  location.reload();
  return false;
}

/** One dialogue, however many calls wait for it. */
function confirm(proof) {
  confirming ??= confirmIdentity(proof).finally(() => (confirming = null));
  return confirming;
}

/**
 * `identity(proof)` asks the person for the proof that is needed and says whether it was given; `gone()` hears that the session has ended.
 */
export function whenNeeded(identity, gone) {
  [confirmIdentity, signedOut] = [identity, gone];
}

export const isSignedIn = () => accessToken !== null;

/** What the access token says of the session; see Claims in the service that signs it. */
export function claims() {
  if (!accessToken) return {};
  const text = atob(accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(text);
}

/** Signs in; returns what `verifyCode` needs where the account has a second factor. */
export async function signIn(email, password) {
  const credentials = { email, password, transport: "cookie", device_name: deviceName };
  const answer = await send("POST", "/v1/auth/login", credentials, { anonymous: true });
  if (answer.mfa_token) return answer.mfa_token;
  accessToken = answer.access_token;
  return null;
}

/** The second half; a sign-in through another provider has its token in a cookie. */
export async function verifyCode(token, code) {
  const body = token ? { mfa_token: token, code } : { code };
  accessToken = (await send("POST", "/v1/auth/mfa/verify", body, { anonymous: true })).access_token;
}

/** Proves who the person is, by `{ password }` or `{ code }`. */
export async function stepUp(proof) {
  accessToken = (await call("POST", "/v1/auth/step-up", proof)).access_token;
}

/** Goes on as another profile of the account. */
export async function switchProfile(id, pin) {
  accessToken = (await call("POST", "/v1/auth/profile", pin ? { profile_id: id, pin } : { profile_id: id })).access_token;
}

/** Signs in again with the cookie of an earlier visit; `false` when the session has ended. */
export function resume() {
  resuming ??= refresh().finally(() => (resuming = null));
  return resuming;
}

async function refresh() {
  try {
    accessToken = (await send("POST", "/v1/auth/refresh", {}, { anonymous: true })).access_token;
    return true;
  } catch (error) {
    // Otherwise nobody has said that the session is over.
    if (![401, 403, 422].includes(error.status)) throw error;
    accessToken = null;
    return false;
  }
}

export async function signOut() {
  try {
    await call("POST", "/v1/auth/logout", {});
  } catch (error) {
    if (error.status !== 401 && error.code !== "signed_out") throw error;
  }
  accessToken = null;
}

/** The account is gone, and its session with it. */
export function forget() {
  accessToken = null;
  signedOut();
}

/** Calls the API as nobody in particular. */
export const callAnonymously = (method, path, body) => send(method, path, body, { anonymous: true });
