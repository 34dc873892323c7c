// The API as this page uses it. The refresh token lives in a cookie that scripts cannot read.

let accessToken = null;

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `Something went wrong on our side (${status}). Try again in a moment.`);
    this.status = status;
    this.code = problem.code;
  }
}

async function send(method, path, body, keepalive = false) {
  const headers = {};
  if (accessToken) headers.authorization = `Bearer ${accessToken}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(0, { code: "unreachable", detail: "There is no connection to the server. Try again in a moment." });
  }
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
  const answer = text && isJson ? JSON.parse(text) : null;
  if (!response.ok) throw new Refused(response.status, answer ?? {});
  return answer;
}

/** A last request of a page that goes away: it is sent although nobody waits for its answer. */
export function leaveWith(method, path, body) {
  return send(method, path, body, true);
}

/** Calls the API; an expired access token is refreshed once. */
export async function call(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (error.status !== 401 || path.startsWith("/v1/auth/") || !(await resume())) throw error;
    return send(method, path, body);
  }
}

export const isSignedIn = () => accessToken !== null;

/** Signs in; returns what `verifyCode` needs where the account has a second factor. */
export async function signIn(email, password) {
  const answer = await send("POST", "/v1/auth/login", { email, password, transport: "cookie", device_name: "Browser" });
  if (answer.mfa_token) return answer.mfa_token;
  accessToken = answer.access_token;
  return null;
}

/** The second half; a sign-in through another provider has its token in a cookie. */
export async function verifyCode(token, code) {
  accessToken = (await send("POST", "/v1/auth/mfa/verify", token ? { mfa_token: token, code } : { code })).access_token;
}

/** Signs in again with the cookie of an earlier visit. */
export async function resume() {
  accessToken = null;
  try {
    accessToken = (await send("POST", "/v1/auth/refresh", {})).access_token;
    return true;
  } catch {
    return false;
  }
}

export async function signOut() {
  try {
    await send("POST", "/v1/auth/logout", {});
  } finally {
    accessToken = null;
  }
}
