/** The page that carries its data: one script and one style sheet, which are put into an HTML file. */

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const WORKER = /new Worker\(\s*new URL\((["'])(.+?)\1,\s*import\.meta\.url\),\s*\{[^}]*\}\s*,?\s*\)/g;

/** A page from disk has no file beside it to start a worker from: workers become part of the script. */
function workersInline(): Plugin {
  return {
    name: "workers-inline",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(".ts") || !WORKER.test(code)) return null;
      const imports: string[] = [];
      const changed = code.replace(WORKER, (_, __, path: string) => {
        const name = `InlineWorker${imports.length}`;
        imports.push(`import ${name} from ${JSON.stringify(`${path}?worker&inline`)};\n`);
        return `new ${name}()`;
      });
      return { code: imports.join("") + changed, map: null };
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [workersInline(), svelte()],
  publicDir: false,
  build: {
    outDir: "../src/firth/explorer/static/offline",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      input: "src/offline.ts",
      output: { format: "iife", entryFileNames: "page.js", assetFileNames: "page[extname]", codeSplitting: false },
    },
  },
});
