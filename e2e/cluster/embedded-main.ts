// Serves the embedded API server over plain HTTP until it is ended, and says where.
import { createApiServer } from "@plumb/apiserver";

const listening = await createApiServer().listen(0, "127.0.0.1");
console.log(JSON.stringify({ msg: "listening", url: listening.url }));
