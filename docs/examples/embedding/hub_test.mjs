// A registry beside a test: the first manifest it is asked for meets a 503.
// usage: node hub_test.mjs DRYDOCK-PROGRAM
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const faults = { faults: [{ name: "busy", when: { operation: "manifest.get" }, times: 1,
                            do: { reply: { status: 503 } } }] };
const seed = { repositories: { "team/app": { tags: { v1: {} } } } };

const folder = mkdtempSync(join(tmpdir(), "hub-"));
writeFileSync(join(folder, "faults.json"), JSON.stringify(faults));
writeFileSync(join(folder, "seed.json"), JSON.stringify(seed));
const ready = join(folder, "ready");
const server = spawn(process.argv[2],
  ["serve", "--port", "0", "--ready-file", ready, "--faults", join(folder, "faults.json"),
   "--preload", join(folder, "seed.json")], { stdio: "inherit" });
while (!existsSync(ready)) { // it appears whole, once the server answers
  if (server.exitCode !== null) throw new Error("drydock serve ended: its output says why");
  await sleep(10);
}
const url = readFileSync(ready, "utf8").trim();

const statuses = [];
for (let i = 0; i < 2; ++i) {
  const answer = await fetch(`${url}/v2/team/app/manifests/v1`);
  await answer.arrayBuffer();
  statuses.push(answer.status);
}
server.kill();
await once(server, "exit");
rmSync(folder, { recursive: true });
console.log(`${statuses[0]}, then ${statuses[1]}`);
process.exit(statuses[0] === 503 && statuses[1] === 200 ? 0 : 1);
