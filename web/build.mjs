// Copies the page and the player library to dist/: there is nothing to compile.
import { cp, mkdir, rm } from "node:fs/promises";

await rm("dist", { recursive: true, force: true });
await mkdir("dist/vendor", { recursive: true });
await cp("src", "dist", { recursive: true });
await cp("node_modules/hls.js/dist/hls.min.js", "dist/vendor/hls.min.js");
