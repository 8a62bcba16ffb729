// Bundles the page script and the worker module and refuses a build that is over its size budget.
import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = process.env.HELIOGRAPH_SDK_OUT ?? join(web, "..", "src", "heliograph", "static", "sdk");

// All files are paid for by every visitor of every customer, so the budgets are part of the product.
const bundles = [
  // A browser of before autumn 2020 shows its pages without us; a worker there goes on working.
  { entry: "sdk/src/page/main.ts", file: "heliograph.js", budget: 15000, target: "es2021" },
  { entry: "sdk/src/worker/main.ts", file: "worker.js", budget: 5000 },
  { entry: "sdk/src/window/main.ts", file: "window.js", budget: 12000 },
  { entry: "sdk/src/window/opener.ts", file: "prompts/window.js", budget: 2000 },
  { entry: "sdk/src/page/runner.ts", file: "prompts/runner.js", budget: 5000 },
  { entry: "sdk/src/widgets/kit/kit.ts", file: "prompts/kit.js", budget: 5000 },
  { entry: "sdk/src/widgets/frame/frame.ts", file: "prompts/frame.html", budget: 5000, wrap: inPage },
];
// Prompts are fetched by the pages that show them.
const prompts = join(web, "sdk", "src", "widgets", "prompts");
for (const file of existsSync(prompts) ? readdirSync(prompts).sort() : []) {
  const [kind, extension] = file.split(".");
  if (extension !== "ts") continue;
  bundles.push({ entry: `sdk/src/widgets/prompts/${file}`, file: `prompts/${kind}.js`, budget: 5000 });
}

/** The frame of custom prompts is one page with its script in it: one request, and one policy for both. */
function inPage(script) {
  const safe = script.replaceAll("</script", "<\\/script");
  return `<!doctype html>\n<meta charset="utf-8">\n<title>Heliograph</title>\n<script>${safe}</script>\n`;
}

const { version } = JSON.parse(readFileSync(join(web, "package.json"), "utf8"));

let failed = false;
for (const { entry, file, budget, wrap, target } of bundles) {
  const built = await build({
    entryPoints: [join(web, entry)],
    outfile: join(outdir, wrap ? file.replace(/html$/, "js") : file),
    bundle: true,
    minify: true,
    target: target ?? "es2020",
    format: "iife",
    sourcemap: !wrap,
    write: !wrap,
    define: { __VERSION__: JSON.stringify(version) },
    // Bundled sources must not reveal where they were built.
    sourceRoot: "heliograph",
    absWorkingDir: web,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  if (wrap) mkdirSync(dirname(join(outdir, file)), { recursive: true });
  if (wrap) writeFileSync(join(outdir, file), wrap(built.outputFiles[0].text));
  const size = gzipSync(readFileSync(join(outdir, file)), { level: 9 }).length;
  const within = size < budget;
  failed ||= !within;
  console.log(
    `${file.padEnd(24)} ${String(size).padStart(5)} bytes gzip, budget ${budget}${within ? "" : "  OVER BUDGET"}`,
  );
}
if (failed) process.exit(1);
