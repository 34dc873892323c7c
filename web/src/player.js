// One playback session: start, heartbeats, quality samples, stop.

import { call, callQuietly, deviceName, leaveWith, refused } from "./api.js";
import { captionsMenu } from "./captions.js";

/** What the player is doing right now; watched by tests and by support. */
export const state = { session: null, hls: null, video: null, rejected: [] };

const LOST = "The connection was lost. Press Play to go on where you were.";
const UNPLAYABLE = "The film cannot be played in this browser.";

const NO_PLAYER = "The player could not be loaded. Try again in a moment.";

/** Why a title cannot be played, or a session had to stop: the codes of `why_not`, of a heartbeat and of its refusals. */
const REASONS = {
  session_replaced: "This film is being watched somewhere else.",
  session_kicked: "Somebody of your account has ended this stream from another device.",
  session_stopped: "This film was stopped on another device or in another window.",
  session_expired: LOST,
  signed_out: "You have been signed out. Sign in again to go on.",
  profile_required: "Choose a profile to go on.",
  not_found: "This film is not offered any more, or not for this profile.",
  not_available: "This film is not offered at the moment.",
  no_asset: "There is no film to play yet.",
  not_playable_yet: "There is no film to play yet.",
  subscription_required: "Watching needs a subscription, and there is none or it has ended.",
  plan_too_low: "Your plan does not include this film.",
  title_withdrawn: "This film is no longer offered.",
  withdrawn: "This film is no longer offered.",
  rating_too_high: "This profile may not watch films with this age rating.",
  territory_not_allowed: "This film is not offered where you are.",
};

/** A sentence for a code; `otherwise` for one that is not known here. */
export const reason = (code, otherwise) => REASONS[code] ?? otherwise;

/** By which the service knows this browser; a start here takes the place of what it played before. */
export function deviceId() {
  let id = localStorage.getItem("device");
  if (!id) localStorage.setItem("device", (id = crypto.randomUUID()));
  return id;
}

/** The library is half a megabyte: it comes when there is a film to play. */
let library = null;
export function loadLibrary() {
  library ??= new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = "/vendor/hls.min.js";
    script.onload = resolve;
    script.onerror = () => {
      library = null;
      script.remove();
      resolve();
    };
    document.head.append(script);
  });
  return library;
}

/** What plays HLS here: the library on Media Source Extensions, or the browser itself (Safari on a phone). */
async function engine(video) {
  await loadLibrary();
  if (window.Hls?.isSupported()) return "library";
  if (video.canPlayType("application/vnd.apple.mpegurl")) return "browser";
  throw window.Hls ? refused("unplayable", UNPLAYABLE) : refused("unreachable", NO_PLAYER);
}

export async function play(video, titleId, onEnd) {
  const started = performance.now();
  const plays = await engine(video);
  const session = await call("POST", "/v1/playback/sessions", {
    title_id: titleId, device_id: deviceId(), device_name: deviceName,
  });
  const path = `/v1/playback/sessions/${session.session_id}`;
  const position = () => Math.min(video.currentTime, video.duration || video.currentTime);
  const seconds = (since) => (performance.now() - since) / 1000;

  // The schema is PlayerEvent in docs/api/analytics.json; the browser test checks that none is rejected.
  const samples = [];
  const sample = (type, fields = {}) =>
    samples.push({ id: crypto.randomUUID(), type, at: new Date().toISOString(), position: position(), ...fields });
  const flush = (send = callQuietly) => {
    if (samples.length === 0) return;
    const body = { token: session.token, sent_at: new Date().toISOString(), events: samples.splice(0, 500) };
    Promise.resolve(send("POST", "/v1/events", body))
      .then((receipt) => receipt && state.rejected.push(...receipt.rejected))
      .catch(() => {});
  };

  const hls = plays === "library" ? new window.Hls({ startPosition: session.position }) : null;
  Object.assign(state, { session, hls, video });
  const menu = hls ? captionsMenu(hls, window.Hls) : null;
  if (hls) {
    video.after(menu);
    hls.loadSource(session.manifest_url);
    hls.attachMedia(video);
    let isRecovered = false;
    hls.on(window.Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      // A decoder that fails once may do with a fresh buffer.
      if (error.type !== "mediaError" || isRecovered) return void fail(error.details, error.type === "networkError");
      isRecovered = true;
      hls.recoverMediaError();
    });
  } else {
    video.src = session.manifest_url;
    video.addEventListener("loadedmetadata", () => (video.currentTime = session.position), { once: true });
    video.addEventListener("error", () => fail("native", video.error?.code === MediaError.MEDIA_ERR_NETWORK), { once: true });
  }

  /** The picture has stopped; whoever keeps the session knows why. */
  async function fail(code, isNetwork) {
    if (stopped) return;
    sample(video.currentTime > 0 ? "error" : "start_failure", { code });
    await beat();
    end(isNetwork ? LOST : UNPLAYABLE);
  }

  let waitingSince = null;
  const on = {
    playing() {
      if (waitingSince !== null) sample("rebuffer", { value: seconds(waitingSince) });
      waitingSince = null;
    },
    waiting() {
      if (video.currentTime > 0 && !video.seeking && waitingSince === null) waitingSince = performance.now();
    },
    pause: () => beat(),
    seeked: () => beat(),
    ended: () => sample("ended"),
  };
  for (const [name, listener] of Object.entries(on)) video.addEventListener(name, listener);
  video.addEventListener("playing", () => sample("startup", { value: seconds(started) }), { once: true });

  /** Reports that are on their way: the end of the session waits for them, or they would come too late. */
  let reporting = Promise.resolve();
  async function report() {
    try {
      const said = { position: position(), state: video.paused ? "paused" : "playing", client_time: new Date().toISOString() };
      const answer = await callQuietly("POST", `${path}/heartbeat`, said);
      if (answer?.action === "stop") end(reason(answer.reason, LOST));
    } catch (error) {
      // The session, its lease or the profile is gone; anything else may pass.
      if ([401, 403, 404, 410].includes(error.status) || error.code === "signed_out") end(reason(error.code, error.message));
    }
  }
  function beat() {
    if (stopped) return reporting;
    flush();
    return (reporting = Promise.all([reporting, report()]).then(() => {}));
  }
  const timer = setInterval(beat, session.heartbeat_interval * 1000);
  const hidden = () => document.visibilityState === "hidden" && beat();
  document.addEventListener("visibilitychange", hidden);

  let stopped = false;
  function end(why) {
    if (stopped) return;
    stop();
    onEnd(why);
  }
  /** `leaving`: the page goes away, requests must outlive it. */
  function stop(leaving = false) {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", hidden);
    for (const [name, listener] of Object.entries(on)) video.removeEventListener(name, listener);
    const at = position();
    sample(video.currentTime > 0 ? "exit" : "exit_before_start", video.currentTime > 0 ? {} : { value: seconds(started) });
    // A profile may not stop what another one has begun, and need not: an unheard lease ends by itself.
    const send = leaving ? leaveWith : callQuietly;
    flush(send);
    const free = () => send("DELETE", `${path}?position=${at}`);
    Promise.resolve(leaving ? free() : reporting.then(free)).catch(() => {});
    menu?.remove();
    if (hls) hls.destroy();
    else video.removeAttribute("src");
    state.session = null;
  }
  return stop;
}
