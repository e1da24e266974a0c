/**
 * The metrics of a server that runs in several workers on one port (`runWorkers`). A scrape reaches any one worker. That worker
 * requests the metrics of all from the primary, which collects a report from each and sends back the result. Each line is labelled
 * with its worker's place instead of being added up: a sum would fall whenever a worker is restarted, and an average would hide a
 * worker that hangs.
 */
import cluster, { type Worker } from "node:cluster";
import { randomUUID } from "node:crypto";

/**
 * The rendered metrics of one worker. `worker`: its place, 1 and up; a worker that replaces another takes over its place. null: the only
 * process.
 */
export type WorkerText = { readonly worker: number | null; readonly text: string };

/** A worker that does not report within this time is left out: it must not hide the others. */
const REPORT_DEADLINE_MS = 1_000;
/** The primary sends the result by then. Without it the worker reports its own metrics alone. */
const RESULT_DEADLINE_MS = 2 * REPORT_DEADLINE_MS;

/** `request` and `report` go to the primary, `collect` and `result` to a worker. */
type Message =
	| { readonly metrics: "request"; readonly id: string }
	| { readonly metrics: "collect"; readonly id: string }
	| { readonly metrics: "report"; readonly id: string; readonly text: string }
	| { readonly metrics: "result"; readonly id: string; readonly texts: readonly WorkerText[] };

const isMessage = (message: unknown): message is Message => typeof message === "object" && message !== null && "metrics" in message;

/** Runs in the primary: answers the requests of the workers. `places`: the workers that run now. Call it once. */
export function relayWorkerMetrics(places: ReadonlyMap<Worker, number>): void {
	const collections = new Map<string, { requester: Worker; texts: WorkerText[]; missing: Set<Worker>; timer: NodeJS.Timeout }>();

	function finish(id: string): void {
		const collection = collections.get(id);
		if (collection === undefined) return;
		collections.delete(id);
		clearTimeout(collection.timer);
		const texts = collection.texts.toSorted((a, b) => (a.worker ?? 0) - (b.worker ?? 0));
		sendToWorker(collection.requester, { metrics: "result", id, texts });
	}

	cluster.on("message", (worker: Worker, message: unknown) => {
		if (!isMessage(message)) return;
		const { id } = message;
		if (message.metrics === "request") {
			const missing = new Set([...places.keys()].filter((other) => other.isConnected()));
			collections.set(id, { requester: worker, texts: [], missing, timer: setTimeout(() => finish(id), REPORT_DEADLINE_MS) });
			for (const other of missing) sendToWorker(other, { metrics: "collect", id });
		}
		if (message.metrics === "report") {
			const collection = collections.get(id);
			if (collection?.missing.delete(worker) !== true) return;
			collection.texts.push({ worker: places.get(worker) ?? null, text: message.text });
			if (collection.missing.size === 0) finish(id);
		}
	});
}

/** Sends a message. Ignores the error of a worker that is exiting. */
const sendToWorker = (worker: Worker, message: Message): void => void worker.send(message, () => {});

/**
 * Runs in each worker: returns a function that resolves to the metrics of all workers. `render` renders this worker's. A process
 * without workers resolves to its own alone. Call it once per process.
 */
export function joinWorkerMetrics(render: () => Promise<string>): () => Promise<readonly WorkerText[]> {
	const alone = async (): Promise<readonly WorkerText[]> => [{ worker: null, text: await render() }];
	if (!cluster.isWorker) return alone;
	const waiting = new Map<string, (texts: readonly WorkerText[]) => void>();
	const sendToPrimary = (message: Message): void => void process.send?.(message, undefined, undefined, () => {});
	process.on("message", (message: unknown) => {
		if (!isMessage(message)) return;
		if (message.metrics === "collect") render().then((text) => sendToPrimary({ metrics: "report", id: message.id, text }), console.error);
		if (message.metrics === "result") waiting.get(message.id)?.(message.texts);
	});
	return async () => {
		const id = randomUUID();
		let timer: NodeJS.Timeout | undefined;
		const result = new Promise<readonly WorkerText[] | null>((resolve) => {
			waiting.set(id, resolve);
			timer = setTimeout(resolve, RESULT_DEADLINE_MS, null);
		});
		sendToPrimary({ metrics: "request", id });
		const texts = await result;
		clearTimeout(timer);
		waiting.delete(id);
		return texts ?? alone();
	};
}

/** Merges the texts of several workers: each metric once, with the labelled lines of every worker below it. */
export function mergeWorkerTexts(texts: readonly WorkerText[]): string {
	const blocks = new Map<string, string[]>();
	for (const { worker, text } of texts) {
		for (const block of text.trimEnd().split("\n\n")) {
			const lines = block.split("\n");
			const head = lines.filter((line) => line.startsWith("#")).join("\n");
			const samples = lines.filter((line) => !line.startsWith("#")).map((line) => (worker === null ? line : labelled(line, worker)));
			blocks.set(head, [...(blocks.get(head) ?? []), ...samples]);
		}
	}
	return `${[...blocks].map(([head, samples]) => [head, ...samples].join("\n")).join("\n\n")}\n`;
}

/** Adds the label `worker` to a line such as `name 1` or `name{a="b"} 1`. */
function labelled(line: string, worker: number): string {
	const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? "";
	const rest = line.slice(name.length);
	return `${name}{worker="${worker}"${rest.startsWith("{") ? `,${rest.slice(1)}` : `}${rest}`}`;
}
