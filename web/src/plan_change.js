// Another plan or period instead of the running one: chosen, looked at, agreed to, and taken back while it is to come.

import { call, refused } from "./api.js";
import { action, alertLine, el } from "./dom.js";
import { brings, cost, date, nameOf, price } from "./plans.js";

/** Added to what a decline says. */
const ANOTHER_CARD = "A page opens then, on which you can give another card.";

/** What a price would cost, from `when` on. Nothing is changed. */
const preview = (price_id, when) => call("POST", "/v1/subscriptions/me/change/preview", { price_id, when });

/** Agrees to exactly what was previewed. */
const change = (agreed) => call("POST", "/v1/subscriptions/me/change", agreed, { once: true });

/**
 * The buttons that change the plan, for whoever has one that goes on. What is chosen from is shown in `place`; `done(news)` shows the
 * subscription anew.
 */
export function changeButtons(subscription, plans, place, line, done) {
  const { running, next, status, is_cancelled, pauses_for_months } = subscription;
  if (!["trialing", "active"].includes(status) || is_cancelled || pauses_for_months) return [];
  const buttons = [];
  if (next) {
    buttons.push(action("Take the change back", line, async () => {
      await change(await preview(running.price_id, "period_end"));
      await done(`The change is taken back: your plan stays ${nameOf(running.plan, plans)}.`);
    }));
  }
  const others = othersThan(subscription, plans);
  if (others.length === 0) return buttons;
  const open = el("button", { type: "button", textContent: "Change the plan", className: "outlined", ariaExpanded: "false" });
  open.onclick = () => {
    const isOpen = open.ariaExpanded === "true";
    open.ariaExpanded = String(!isOpen);
    place.replaceChildren(isOpen ? "" : choice(subscription, others, done));
  };
  return [...buttons, open];
}

/** The offered plans with the prices that would be another one than what runs or is to come; the running plan for more money is nobody's wish. */
function othersThan({ running, next }, plans) {
  const isOther = ({ id, period, amount }, plan) => {
    const isDearer = plan.id === running.plan && period === running.period && amount.amount >= running.amount.amount;
    return ![running.price_id, next?.price_id].includes(id) && !isDearer;
  };
  return plans.map((plan) => ({ ...plan, prices: plan.prices.filter((offer) => isOther(offer, plan)) })).filter(({ prices }) => prices.length > 0);
}

function choice(subscription, others, done) {
  const line = alertLine();
  const look = el("div");
  const cards = others.map((plan) => el("li", { className: "plan" }, el("h3", { textContent: plan.name }), el("p", { className: "dim", textContent: brings(plan) }),
    ...plan.prices.map((offer) => action(cost(offer), line, async () => {
      const wish = { subscription, plan, offer, place: look, done };
      try {
        await agree(wish, "now");
      } catch (error) {
        if (error.code !== "only_at_period_end") throw error;
        await agree(wish, "period_end", error.message);
      }
    }, { className: "outlined", ariaLabel: `${plan.name} for ${cost(offer)}` }))));
  return el("div", { className: "change" }, el("h3", { textContent: "What would you like instead?" }), el("ul", { className: "grid" }, ...cards), line, look);
}

/** Shows what the change costs and when it begins, with a button that agrees to exactly that; `why`: what was said against another wish. */
async function agree(wish, when, why = "") {
  const { subscription, plan, offer, place, done } = wish;
  let agreed = await preview(offer.id, when);
  const line = alertLine();
  const terms = el("p", { textContent: termsOf(agreed, wish) });
  const confirm = action(nameOfConsent(agreed), line, async () => {
    const answer = await change(agreed).catch(async (error) => {
      if (!["stale_preview", "payment_declined"].includes(error.code)) throw error;
      // Neither can be agreed to once more as it was.
      agreed = await preview(offer.id, when);
      terms.textContent = termsOf(agreed, wish);
      confirm.textContent = nameOfConsent(agreed);
      throw error.code === "payment_declined" ? refused(error.code, `${error.message} ${ANOTHER_CARD}`) : error;
    });
    if (answer.checkout_url) location.assign(answer.checkout_url);
    else await done(newsOf(answer, wish));
  });
  const buttons = [confirm];
  if (when === "now" && agreed.amount.amount > 0) {
    buttons.push(action(`Only from ${date(subscription.period_to)}`, line, () => agree(wish, "period_end"), { className: "plain" }));
  }
  const title = el("h3", { tabIndex: -1, textContent: `${plan.name}, ${cost(offer)}` });
  buttons.push(action("Leave it as it is", line, () => place.replaceChildren(), { className: "plain" }));
  place.replaceChildren(el("div", { className: "agreement" }, title, why ? el("p", { textContent: why }) : null, terms,
    el("div", { className: "buttons" }, ...buttons), line));
  title.focus();
}

/** What is agreed to, in words. */
function termsOf({ when, amount, period_amount, begins_at }, { subscription, offer }) {
  const later = cost({ amount: period_amount, period: offer.period });
  if (when === "period_end") return `It begins on ${date(begins_at)} and costs ${later} from then on. Nothing is charged now.`;
  const from = date(subscription.period_to);
  const now = amount.amount > 0 ? `costs ${price(amount)} now for the time until ${from}` : `costs nothing until ${from}`;
  return `It begins at once and ${now}, and ${later} from then on.`;
}

function nameOfConsent({ when, amount, begins_at }) {
  if (when === "period_end") return `Change on ${date(begins_at)}`;
  return amount.amount > 0 ? `Pay ${price(amount)} and change now` : "Change now";
}

/** What has come of it; a payment that is still looked into is told with the subscription. */
function newsOf({ subscription: { running, next, period_to } }, { plan, offer }) {
  if (running.price_id === offer.id) return `Your plan is ${plan.name} from now on.`;
  return next?.price_id === offer.id ? `Your plan is ${plan.name} from ${date(period_to)} on.` : "";
}
