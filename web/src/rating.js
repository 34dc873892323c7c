// The profile's own rating of a title, on the title's page.

import { call, claims } from "./api.js";
import { action, alertLine, attempt, el, form } from "./dom.js";
import { language } from "./language.js";

const MOST = 10;

const TEXTS = {
  en: {
    title: "Your rating",
    scale: `From 1 (bad) to ${MOST} (very good)`,
    rate: "Rate",
    change: "Change the rating",
    remove: "Remove the rating",
    rated: (stars) => `Your rating: ${stars} of ${MOST}.`,
    removed: "Your rating is removed.",
  },
  ru: {
    title: "Ваша оценка",
    scale: `От 1 (плохо) до ${MOST} (отлично)`,
    rate: "Оценить",
    change: "Изменить оценку",
    remove: "Удалить оценку",
    rated: (stars) => `Ваша оценка: ${stars} из ${MOST}.`,
    removed: "Оценка удалена.",
  },
};

/** Nothing for whoever has no profile; else the section. */
export function rating({ id }) {
  if (!claims().pid) return null;
  const say = TEXTS[language()];
  const line = alertLine();
  const element = el("section", { className: "rating", lang: language(), ariaLabel: say.title, hidden: true }, line);
  attempt(element, line, async () => {
    const { value } = await call("GET", `/v1/ratings/${id}`);
    element.replaceChildren(ratingForm(id, value, say));
  }).finally(() => { element.hidden = false; });
  return element;
}

function ratingForm(id, stars, say) {
  const news = el("p", { className: "dim", role: "status", tabIndex: -1 });
  const choices = Array.from({ length: MOST }, (_, index) => el("label", {},
    el("input", { type: "radio", name: "stars", value: index + 1, required: true, checked: stars === index + 1 }), String(index + 1)));
  const scale = el("p", { className: "dim", id: "rating-scale", textContent: say.scale });
  const group = el("fieldset", {}, el("legend", { textContent: say.title }), scale, el("div", { className: "stars" }, ...choices));
  group.setAttribute("aria-describedby", scale.id);
  const line = alertLine();
  const remove = action(say.remove, line, async () => {
    await call("DELETE", `/v1/ratings/${id}`);
    tell(null, say.removed);
    news.focus();
  }, { className: "plain" });
  const element = form({ fields: [group], button: say.rate, below: [news, remove, line] }, async ({ stars }) => {
    await call("PUT", `/v1/ratings/${id}`, { value: Number(stars) });
    tell(Number(stars), say.rated(stars));
  });
  const button = element.querySelector("button");
  const tell = (stored, text) => {
    for (const input of element.querySelectorAll("input")) input.checked = Number(input.value) === stored;
    button.textContent = stored ? say.change : say.rate;
    remove.hidden = !stored;
    news.textContent = text;
  };
  tell(stars ?? null, stars ? say.rated(stars) : "");
  return element;
}
