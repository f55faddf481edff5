#!/usr/bin/env node
// Runs the program of the package for this machine, passes signals on to it, and ends as it does.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const name = `@queue-emulator/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "queue-emulator.exe" : "queue-emulator";

let program;
try {
  program = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(
    `queue-emulator: the package ${name} is not installed. Either there is none for this kind of ` +
      "machine, or optional dependencies were left out: install without --omit=optional.",
  );
  process.exit(1);
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // The terminal tells all processes in its foreground of ctrl-c.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("error", (error) => {
  console.error(`queue-emulator: cannot run ${program}: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
