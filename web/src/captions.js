// Subtitles that a viewer can switch on. What a profile has chosen is kept on this device; until then they are off, but for what everybody needs.

import { claims } from "./api.js";
import { el } from "./dom.js";

const OFF = "off";

const key = () => `captions:${claims().pid ?? ""}`;
/** Another film has other tracks: the choice is a language, and whether it is for the hard of hearing. */
const choice = (track) => `${track.lang} ${track.characteristics ? "captions" : "subtitles"}`;
const language = (tag) => (tag ?? "").toLowerCase().split("-")[0];

/**
 * The track to show, -1 for none: the chosen one, else in the same language; with none chosen, what is forced in the language that is heard,
 * since the rest of the film is understood.
 */
export function trackFor(tracks, chosen, heard) {
  const offered = tracks.filter((track) => !track.forced);
  const wanted = chosen && chosen !== OFF
    ? offered.find((track) => choice(track) === chosen) ?? offered.find((track) => track.lang === chosen.split(" ")[0])
    : null;
  const forced = tracks.find((track) => track.forced && language(track.lang) === language(heard));
  return tracks.indexOf(wanted ?? forced);
}

/** The menu below a film that the library plays; hidden while there is nothing to choose. */
export function captionsMenu(hls, { Events }) {
  const select = el("select", { name: "captions" });
  const menu = el("label", { className: "captions", hidden: true }, "Subtitles", select);
  let tracks = [];
  const show = () => {
    const heard = hls.audioTracks[hls.audioTrack]?.lang;
    hls.subtitleTrack = trackFor(tracks, localStorage.getItem(key()), heard);
  };
  hls.on(Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => {
    tracks = subtitleTracks;
    const offered = tracks.filter((track) => !track.forced);
    const option = (track) => el("option", { value: tracks.indexOf(track), textContent: track.name, lang: track.lang });
    select.replaceChildren(el("option", { value: OFF, textContent: "Off" }), ...offered.map(option));
    menu.hidden = offered.length === 0;
    // The library makes its own choice after this event.
    queueMicrotask(show);
  });
  // The browser's own controls have a menu as well.
  hls.on(Events.SUBTITLE_TRACK_SWITCH, (_, { id }) => {
    select.value = tracks[id] && !tracks[id].forced ? String(id) : OFF;
  });
  hls.on(Events.AUDIO_TRACK_SWITCHED, () => {
    // What somebody reads stays.
    if (tracks[hls.subtitleTrack]?.forced !== false) show();
  });
  select.onchange = () => {
    localStorage.setItem(key(), select.value === OFF ? OFF : choice(tracks[Number(select.value)]));
    show();
  };
  return menu;
}
