// Runs the package in Node.js: node run.cjs FOLDER CONNECTION_STRING QUEUE TEXT
const { join, resolve } = require("node:path");

const [folder, connectionString, queue, text] = process.argv.slice(2);
const { roundTrip } = require(join(resolve(folder), "queue_example_fetch.js"));

roundTrip(connectionString, queue, text).then(
  (texts) => console.log(texts.join("\n")),
  (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);
