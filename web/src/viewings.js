// What the profile has watched, as the API tells it.

import { call } from "./api.js";

/** The most that a page holds. */
const LARGEST_PAGE = 100;

/** A page of it, the last watched first. */
export function viewings(limit, cursor) {
  return call("GET", `/v1/history?limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
}

/** How a title was watched, with what the profile thinks of it, or nothing. The API tells it of no single title: the pages are gone through. */
export async function viewingOf(titleId) {
  let cursor;
  do {
    const page = await viewings(LARGEST_PAGE, cursor);
    const found = page.items.find(({ title }) => title.id === titleId);
    if (found) return found;
    cursor = page.next_cursor;
  } while (cursor);
  return undefined;
}
