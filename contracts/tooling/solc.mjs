// One job of the compiler: standard JSON in on stdin, standard JSON out on stdout; or its version, as native solc says it.
import fs from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");
// Loading solc-js installs handlers that swallow failures; a crash here must reach forge.
process.removeAllListeners("uncaughtException");
process.removeAllListeners("unhandledRejection");

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
}
