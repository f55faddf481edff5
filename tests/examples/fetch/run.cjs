// Runs the package in Node.js, on the account of AZURE_STORAGE_CONNECTION_STRING:
// node run.cjs FOLDER QUEUE TEXT
const { join, resolve } = require("node:path");

const [folder, queue, text] = process.argv.slice(2);
const { roundTrip } = require(join(resolve(folder), "queue_example_fetch.js"));

roundTrip(process.env.AZURE_STORAGE_CONNECTION_STRING, queue, text).then(
  (texts) => console.log(texts.join("\n")),
  (error) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);
