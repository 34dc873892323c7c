// What went wrong at another provider, for whoever has come back from there.

import { isSignedIn } from "./api.js";
import { el } from "./dom.js";
import { placeBefore } from "./providers.js";

/** By the reasons that auth-start-oauth and auth-finish-oauth give; nothing else of the address is shown. */
const SENTENCES = {
  address_unverified: "The other service has not confirmed your address. Sign in here first, and link it on the account's page then.",
  already_linked: "Your account is linked with another account of this service already. Unlink that one first.",
  another_account: "This is not the account of the other service that yours is linked with. Sign in there with the one that is.",
  code_refused: "The other service does not know this sign-in any more. Begin again.",
  email_unverified: "This address was registered here, but never confirmed. Register again and enter the code from the mail first.",
  failed: "Something went wrong on the way. Try again in a moment.",
  linked_elsewhere: "This account of the other service belongs to another account here.",
  not_found: "Accounts of this service do not sign in here.",
  proof_too_old: "The other service did not say that it asked you for your password just now. Confirm with your password here.",
  provider_unavailable: "The other service does not answer as it should. Try again later, or sign in with your password.",
  rate_limited: "There were too many tries. Try again in a few minutes.",
  session_revoked: "Your session ended meanwhile. Sign in again.",
  sign_in_cancelled: "You cancelled it at the other service. Nothing has changed.",
  state_mismatch: "It did not begin in this browser, or it took longer than ten minutes. Begin again.",
  step_up_required: "Your confirmation is too old by now. Begin again.",
};

export function showSignInFailed(show, reason) {
  const sentence = Object.hasOwn(SENTENCES, reason) ? SENTENCES[reason] : SENTENCES.failed;
  const [text, href] = isSignedIn() ? ["Go back to where you were", placeBefore()] : ["Sign in", "#/sign-in"];
  show(el("h1", { textContent: "The other service could not be used" }), el("p", { className: "error", role: "alert", textContent: sentence }),
    el("a", { href, textContent: text }));
}
