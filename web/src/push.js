// Push messages: this browser asks for them, and takes that back.

import { call } from "./api.js";
import { action, alertLine, el } from "./dom.js";

const WORKER = "/push_worker.js";
/** The id under which this browser is registered, for as long as it is. */
const KEPT = "push-device";

const NOT_ALLOWED = "The browser does not allow it. Its settings for this page say so; change them there and try again.";
const NO_SERVICE = "The browser does not reach the service that carries its messages. Try again later.";

const isPossible = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Says how it stands, with a button that changes it; nothing where the browser has no push messages. */
export function pushSection() {
  if (!isPossible()) return null;
  const [line, state, place] = [alertLine(), el("p", { className: "dim" }), el("span")];
  const tell = () => {
    const isOn = localStorage.getItem(KEPT) !== null;
    state.textContent = isOn ? "This browser shows you what is new, also while no page is open." : "This browser can show you what is new while no page is open.";
    place.replaceChildren(isOn ? off : on);
  };
  const on = action("Show messages in this browser", line, async () => {
    const refusal = (await Notification.requestPermission()) === "granted" ? await subscribe() : NOT_ALLOWED;
    line.textContent = refusal ?? "";
    tell();
  });
  const off = action("No more messages in this browser", line, async () => {
    await unsubscribe();
    tell();
  }, { className: "plain" });
  tell();
  return el("section", {}, el("h2", { textContent: "Messages in this browser" }), state, place, line);
}

/** Asks for messages; a sentence when the browser cannot have any. */
async function subscribe() {
  const { key } = await call("GET", "/v1/notifications/push-key");
  let subscription;
  try {
    await navigator.serviceWorker.register(WORKER);
    const worker = await navigator.serviceWorker.ready;
    subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    return NO_SERVICE;
  }
  const { endpoint, keys } = subscription.toJSON();
  const { id } = await call("POST", "/v1/notifications/devices", { endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } });
  localStorage.setItem(KEPT, id);
  return null;
}

/** Also what is left of it: the browser forgets even when the server cannot be asked, and the server finds out with the next message. */
export async function unsubscribe() {
  const id = localStorage.getItem(KEPT);
  if (id === null) return;
  const worker = await navigator.serviceWorker.getRegistration(WORKER);
  const subscription = await worker?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  localStorage.removeItem(KEPT);
  await call("DELETE", `/v1/notifications/devices/${id}`);
}
