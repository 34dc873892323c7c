// One playback session: start, heartbeats, quality samples, stop.

import { call, leaveWith } from "./api.js";

/** What the player is doing right now; watched by tests and by support. */
export const state = { session: null, hls: null, video: null, rejected: [] };

/** Why a session had to stop, for a person. */
const REASONS = {
  session_replaced: "This film is being watched somewhere else.",
  subscription_required: "Your subscription has ended.",
  title_withdrawn: "This film is no longer offered.",
  rating_too_high: "This profile may not watch this film any more.",
  territory_not_allowed: "This film is not offered where you are.",
};
const LOST = "The connection was lost. Press Play to go on where you were.";

function deviceId() {
  let id = localStorage.getItem("device");
  if (!id) localStorage.setItem("device", (id = crypto.randomUUID()));
  return id;
}

export async function play(video, titleId, onEnd) {
  const started = performance.now();
  const session = await call("POST", "/v1/playback/sessions", {
    title_id: titleId, device_id: deviceId(), device_name: "Browser",
  });
  const path = `/v1/playback/sessions/${session.session_id}`;
  const position = () => Math.min(video.currentTime, video.duration || video.currentTime);
  const seconds = (since) => (performance.now() - since) / 1000;

  // The schema is PlayerEvent in docs/api/analytics.json; the browser test checks that none is rejected.
  const samples = [];
  const sample = (type, fields = {}) =>
    samples.push({ id: crypto.randomUUID(), type, at: new Date().toISOString(), position: position(), ...fields });
  const flush = (send = call) => {
    if (samples.length === 0) return;
    const body = { token: session.token, sent_at: new Date().toISOString(), events: samples.splice(0, 500) };
    Promise.resolve(send("POST", "/v1/events", body))
      .then((receipt) => receipt && state.rejected.push(...receipt.rejected))
      .catch(() => {});
  };

  const hls = window.Hls.isSupported() ? new window.Hls({ startPosition: session.position }) : null;
  Object.assign(state, { session, hls, video });
  if (hls) {
    hls.loadSource(session.manifest_url);
    hls.attachMedia(video);
    hls.on(window.Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      sample(video.currentTime > 0 ? "error" : "start_failure", { code: error.details });
      const lostLease = error.response?.code === 403 || error.response?.code === 410;
      end(lostLease || error.type === "networkError" ? LOST : "The film cannot be played in this browser.");
    });
  } else {
    // Safari on a phone plays HLS by itself.
    video.src = session.manifest_url;
    video.addEventListener("loadedmetadata", () => (video.currentTime = session.position), { once: true });
    video.addEventListener("error", () => end("The film cannot be played in this browser."), { once: true });
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

  async function beat() {
    if (stopped) return;
    flush();
    try {
      const report = { position: position(), state: video.paused ? "paused" : "playing", client_time: new Date().toISOString() };
      const answer = await call("POST", `${path}/heartbeat`, report);
      if (answer?.action === "stop") end(REASONS[answer.reason] ?? LOST);
    } catch (error) {
      // The lease ended while nothing was heard of this player.
      if (error.status === 410) end(LOST);
    }
  }
  const timer = setInterval(beat, session.heartbeat_interval * 1000);
  const hidden = () => document.visibilityState === "hidden" && beat();
  document.addEventListener("visibilitychange", hidden);

  let stopped = false;
  function end(reason) {
    stop();
    onEnd(reason);
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
    const send = leaving ? leaveWith : call;
    flush(send);
    Promise.resolve(send("DELETE", `${path}?position=${at}`)).catch(() => {});
    hls?.destroy();
    state.session = null;
  }
  return stop;
}
