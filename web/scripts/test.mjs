// Bundles every test (the sources are TypeScript with bundler resolution) and runs them with node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const tests = join(web, "sdk", "tests");
const outdir = join(web, ".test-build");
const wanted = process.argv.slice(2);

const entryPoints = ["page", "triggers", "widgets", "window", "worker"]
  .flatMap((folder) => readdirSync(join(tests, folder)).map((name) => join(folder, name)))
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .map((name) => join(tests, name));

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints,
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  outExtension: { ".js": ".mjs" },
  logLevel: "warning",
});
const built = readdirSync(outdir, { recursive: true })
  .filter((name) => name.endsWith(".mjs"))
  .map((name) => join(outdir, name));
const flags = ["--enable-source-maps", "--test", "--test-reporter=spec"];
const run = spawnSync(process.execPath, [...flags, ...built], { stdio: "inherit" });
process.exit(run.status ?? 1);
