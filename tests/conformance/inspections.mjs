// Runs the inspector's command line once for each line of stdin, [argument, …] as JSON, all in this one process, and
// answers each with a line: {"code": …, "stdout": …, "stderr": …}. To start Node.js and to read the inspector takes
// longer than what it does. The inspector's own launcher imports the same two functions.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { runCli, handleError } = await import(pathToFileURL(process.argv[2]).href);
const write = process.stdout.write.bind(process.stdout);
const exit = process.exit.bind(process);
class Exit extends Error {}

async function inspect(argv) {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    process[name].write = (chunk, encoding, callback) => {
      said[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const done = typeof encoding === "function" ? encoding : callback;
      if (done) queueMicrotask(done);
      return true;
    };
  }
  process.exitCode = undefined;
  process.exit = (code) => {
    process.exitCode = code ?? process.exitCode;
    throw new Exit();
  };
  try {
    await runCli(["node", "mcp-inspector", ...argv]).catch(handleError);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return { code: Number(process.exitCode ?? 0), ...said };
}

for await (const line of createInterface({ input: process.stdin })) {
  write(JSON.stringify(await inspect(JSON.parse(line))) + "\n");
}
exit(0);
