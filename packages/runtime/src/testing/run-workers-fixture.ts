/**
 * A server for the tests of `runWorkers`: `node run-workers-fixture.ts <port> <workers>`. It answers its process id, after half a second at
 * `/slow`, and as a metric at `/metrics`. When it is stopped it finishes the requests in flight.
 */
import { createServer } from "node:http";
import { closeOnSignals, createLogger, joinWorkerMetrics, listenOptions, mergeWorkerTexts, runWorkers } from "../index.ts";

const [, , port, workers] = process.argv;
const SLOW_MS = 500;

await runWorkers(Number(workers), createLogger("fixture", "silent"), async () => {
	const collect = joinWorkerMetrics(async () => `# TYPE pid gauge\npid ${process.pid}\n`);
	const server = createServer(async (request, response) => {
		if (request.url === "/metrics") {
			response.end(mergeWorkerTexts(await collect()));
			return;
		}
		setTimeout(() => response.end(String(process.pid)), request.url === "/slow" ? SLOW_MS : 0);
	});
	server.listen(listenOptions({ host: "127.0.0.1", port: Number(port), workers: Number(workers) }));
	closeOnSignals(createLogger("fixture", "silent"), () => new Promise((resolve) => server.close(() => resolve())), { followParent: true });
});
