// The cases of `manifest::KeyPattern`, in the language that CloudFront runs. Run by infra-terraform/check.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const template = await readFile(new URL("viewer-request.js.tftpl", import.meta.url), "utf8");
const made = (isPublic) => {
  const text = template
    .replace("${patterns}", JSON.stringify(["artwork/**", "*/poster.jpg", "*/sprites/**"]))
    .replace("${is_public}", isPublic);
  return new Function(`${text}; return { fits, handler };`)();
};
const { fits, handler } = made(true);

for (const [pattern, key, expected] of [
  ["artwork/**", "artwork/t/a.webp", true],
  ["artwork/**", "artwork/a.webp", true],
  ["*/poster.jpg", "ast_1/poster.jpg", true],
  ["*/sprites/**", "ast_1/sprites/0a1b/index.vtt", true],
  ["artwork/**", "artwork", false],
  ["artwork/**", "artwork/", false],
  ["*/poster.jpg", "poster.jpg", false],
  ["*/poster.jpg", "/poster.jpg", false],
  ["*/poster.jpg", "ast_1/v720/poster.jpg", false],
  ["*/poster.jpg", "ast_1/poster.jpg/x", false],
  ["*/sprites/**", "ast_1/sprites/", false],
  ["*/sprites/**", "ast_1/v720/sprites/1.jpg", false],
]) {
  assert.equal(fits(pattern, key), expected, `${pattern} ${key}`);
}

const HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
const ask = (uri, handle = handler, accept = HTML) => handle({ request: { uri, headers: { accept: { value: accept } } } });
assert.equal(ask("/media/ast_1/v720/1.m4s").statusCode, 403);
assert.equal(ask("/media/ast_1/v720/sprites/1.jpg").statusCode, 403);
assert.equal(ask("/media/artwork/a.jpg").uri, "/artwork/a.jpg");
// Behind a signature everything of the bucket can be asked for.
assert.equal(ask("/media/ast_1/v720/1.m4s", made(false).handler).uri, "/ast_1/v720/1.m4s");
for (const page of ["/", "/titles/ttl_1", "/account"]) assert.equal(ask(page).uri, "/index.html", page);
for (const page of ["/docs", "/docs/"]) assert.equal(ask(page, handler, "*/*").uri, "/docs/index.html", page);
// A program that mistypes an address is not told a page, and the API in another spelling is none.
for (const path of ["/titles/ttl_1", "/graphql"]) assert.equal(ask(path, handler, "application/json").uri, path);
assert.equal(handler({ request: { uri: "/titles/ttl_1", headers: {} } }).uri, "/titles/ttl_1");
assert.equal(handler({ request: { uri: "/", headers: {} } }).uri, "/index.html");
for (const path of ["/v1", "/V1/titles", "//v1//titles", "/Media/x"]) assert.equal(ask(path).uri, path);
for (const file of ["/app.js", "/.well-known/jwks.json", "/index.html"]) assert.equal(ask(file).uri, file);
