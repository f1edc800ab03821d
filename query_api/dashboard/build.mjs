// Builds source/ into static/: hashed names, an index that refers to them, licences, and of which sources it was made.
//   npm ci && npm run build
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "static");
const ASSETS = join(STATIC, "assets");
const PREFIX = "/dashboard/assets/";
// Sources of the build besides source/; a test hashes the same files in the same way.
const BESIDE = ["build.mjs", "package.json", "package-lock.json", "tsconfig.json"];
const SUBSETS = /-(latin|latin-ext)-wght-normal\.woff2$/;

function filesBelow(folder, prefix = "") {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name), `${prefix}${entry.name}/`) : [prefix + entry.name],
  );
}

function digestOfSources() {
  const names = [...BESIDE, ...filesBelow(join(HERE, "source"), "source/")].sort();
  const digest = createHash("sha256");
  for (const name of names)
    digest.update(
      `${name}\0${createHash("sha256")
        .update(readFileSync(join(HERE, name)))
        .digest("hex")}\n`,
    );
  return digest.digest("hex");
}

// Of the fonts only the alphabets that the pages are written in; other letters fall back to the system's.
const onlyWantedAlphabets = {
  name: "only-wanted-alphabets",
  setup(setup) {
    setup.onLoad({ filter: /@fontsource-variable.*\.css$/ }, ({ path }) => {
      const css = readFileSync(path, "utf8");
      const faces = css.match(/@font-face\s*{[^}]*}/g) ?? [];
      return {
        contents: faces
          .filter((face) => /url\(([^)]+)\)/.test(face) && SUBSETS.test(face.match(/url\(([^)]+)\)/)[1]))
          .join("\n"),
        loader: "css",
        resolveDir: dirname(path),
      };
    });
  },
};

rmSync(STATIC, { recursive: true, force: true });
mkdirSync(ASSETS, { recursive: true });
const shared = {
  absWorkingDir: HERE,
  outdir: ASSETS,
  bundle: true,
  minify: true,
  target: "es2022",
  metafile: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: PREFIX,
  loader: { ".woff2": "file", ".svg": "file" },
  logLevel: "warning",
  charset: "utf8",
};
const results = [
  await build({
    ...shared,
    entryPoints: ["source/main.tsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [onlyWantedAlphabets],
  }),
  await build({ ...shared, entryPoints: ["source/theme_first.ts"], format: "iife" }),
  await build({ ...shared, entryPoints: ["source/icon.svg"], loader: { ".svg": "copy" } }),
];

const outputs = results.flatMap((result) => Object.keys(result.metafile.outputs)).map((name) => basename(name));
const addressOf = (wanted) => {
  const [stem, suffix] = wanted.split(/\.(?=[^.]+$)/);
  const found = outputs.find(
    (name) =>
      name.startsWith(`${stem}-`) && name.endsWith(`.${suffix}`) && name.length === stem.length + suffix.length + 10,
  );
  if (!found) throw new Error(`the build made no ${wanted}`);
  return PREFIX + found;
};
// What main.js imports at once is fetched beside it, not after it.
const main = Object.values(results[0].metafile.outputs).find((output) => output.entryPoint === "source/main.tsx");
const preloads = main.imports
  .filter((one) => one.kind === "import-statement")
  .map((one) => `<link rel="modulepreload" href="${PREFIX}${basename(one.path)}">`);
const index = readFileSync(join(HERE, "source/index.html"), "utf8")
  .replace(/{{([^}]+)}}/g, (_, name) => addressOf(name))
  .replace("<!-- preloads -->", preloads.join("\n"));
writeFileSync(join(STATIC, "index.html"), index);

// Everything that went into the bundle from others, with its licence.
const packages = new Map();
for (const result of results) {
  for (const input of Object.keys(result.metafile.inputs)) {
    const name = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (name) packages.set(name, join(HERE, "node_modules", name));
  }
}
const notices = [...packages]
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
writeFileSync(
  join(STATIC, "NOTICES.txt"),
  `The dashboard contains these works of others.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`,
);
writeFileSync(join(STATIC, "build.json"), `${JSON.stringify({ sources: digestOfSources() })}\n`);
