// Copies the page, the libraries and the document of the API to dist/: there is nothing to compile.
import { cp, mkdir, rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await mkdir("dist/vendor", { recursive: true });
await cp("src", "dist", { recursive: true });
await cp("node_modules/hls.js/dist/hls.min.js", "dist/vendor/hls.min.js");
for (const file of ["swagger-ui-bundle.js", "swagger-ui.css"]) await cp(`node_modules/swagger-ui-dist/${file}`, `dist/vendor/${file}`);
await cp("../docs/api/openapi.json", "dist/docs/openapi.json");
