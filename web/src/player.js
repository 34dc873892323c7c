// One playback session: start, heartbeats, quality samples, stop.

import { call } from "./api.js";

/** What the player is doing right now; watched by tests and by support. */
export const state = { session: null, hls: null, video: null };

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
  const samples = [];
  const sample = (kind, fields = {}) =>
    samples.push({ id: crypto.randomUUID(), kind, client_time: new Date().toISOString(), position_seconds: video.currentTime, ...fields });

  const hls = new Hls({ startPosition: session.position });
  Object.assign(state, { session, hls, video });
  hls.loadSource(session.manifest_url);
  hls.attachMedia(video);
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    sample("error", { code: error.details });
    stop();
    onEnd(error.response?.code === 403 ? "This film is being watched somewhere else." : `The film cannot be played: ${error.details}.`);
  });
  video.addEventListener("playing", () => sample("startup", { value: (performance.now() - started) / 1000 }), { once: true });
  video.addEventListener("waiting", () => video.currentTime > 0 && sample("rebuffer", { value: 0 }));

  const position = () => Math.min(video.currentTime, video.duration || video.currentTime);
  const flush = () => {
    if (samples.length === 0) return;
    const events = samples.splice(0, 500);
    call("POST", "/v1/events", { token: session.token, events }).catch(() => {});
  };
  const beat = async () => {
    flush();
    try {
      const answer = await call("POST", `${path}/heartbeat`, { position: position(), state: video.paused ? "paused" : "playing" });
      if (answer?.action === "stop") {
        stop();
        onEnd("This film is being watched somewhere else.");
      }
    } catch (error) {
      if (error.status === 410) stop();
    }
  };
  const timer = setInterval(beat, session.heartbeat_interval * 1000);
  video.addEventListener("pause", beat);

  let stopped = false;
  function stop() {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    video.removeEventListener("pause", beat);
    sample("exit");
    flush();
    call("DELETE", path, { position: position() }).catch(() => {});
    hls.destroy();
    state.session = null;
  }
  return stop;
}
