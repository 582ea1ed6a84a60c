import { join } from "node:path";
import { controllerProcessContract } from "@plumb/runtime/testing";

controllerProcessContract({
  name: "notification-controller",
  main: new URL("./main.ts", import.meta.url),
  refused: [[["--concurrent=0"], "--concurrent must be at least 1, got 0"]],
  flags: (folder) => [
    `--spool-path=${join(folder, "spool")}`,
    "--events-addr=127.0.0.1:0",
    "--receiverAddr=127.0.0.1:0",
    "--health-addr=127.0.0.1:0",
    "--metrics-addr=127.0.0.1:0",
  ],
});
