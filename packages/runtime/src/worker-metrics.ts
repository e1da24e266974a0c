/**
 * The metrics of a server that runs in several processes on one port (`runWorkers`). A question reaches any one of them, so
 * that one has the process that minds them ask them all. Each line is labelled with its worker's place instead of being
 * added up: a sum would fall whenever a worker is started anew, and an average hides the one that hangs.
 */
import cluster, { type Worker } from "node:cluster";
import { randomUUID } from "node:crypto";

/** What one worker counts. `worker`: its place, 1 and up, which the one that replaces it takes over; null: there are no others. */
export type WorkerText = { readonly worker: number | null; readonly text: string };

/** A worker that does not say anything for this long is left out: its silence must not hide the others. */
const ANSWER_DEADLINE_MS = 1_000;
/** The minding process answers by then; without it a worker still speaks for itself. */
const MINDER_DEADLINE_MS = 2 * ANSWER_DEADLINE_MS;

type Message =
	| { readonly metrics: "asked"; readonly id: string }
	| { readonly metrics: "wanted"; readonly id: string }
	| { readonly metrics: "told"; readonly id: string; readonly text: string }
	| { readonly metrics: "gathered"; readonly id: string; readonly texts: readonly WorkerText[] };

const isMessage = (message: unknown): message is Message => typeof message === "object" && message !== null && "metrics" in message;

/** In the minding process: answers the workers' questions for as long as it lives. `places` are the workers that run now. */
export function relayWorkerMetrics(places: ReadonlyMap<Worker, number>): void {
	const gatherings = new Map<string, { asker: Worker; texts: WorkerText[]; missing: Set<Worker>; timer: NodeJS.Timeout }>();

	function finish(id: string): void {
		const gathering = gatherings.get(id);
		if (gathering === undefined) return;
		gatherings.delete(id);
		clearTimeout(gathering.timer);
		const texts = gathering.texts.toSorted((a, b) => (a.worker ?? 0) - (b.worker ?? 0));
		tell(gathering.asker, { metrics: "gathered", id, texts });
	}

	cluster.on("message", (worker: Worker, message: unknown) => {
		if (!isMessage(message)) return;
		const { id } = message;
		if (message.metrics === "asked") {
			const missing = new Set([...places.keys()].filter((other) => other.isConnected()));
			gatherings.set(id, { asker: worker, texts: [], missing, timer: setTimeout(() => finish(id), ANSWER_DEADLINE_MS) });
			for (const other of missing) tell(other, { metrics: "wanted", id });
		}
		if (message.metrics === "told") {
			const gathering = gatherings.get(id);
			if (gathering?.missing.delete(worker) !== true) return;
			gathering.texts.push({ worker: places.get(worker) ?? null, text: message.text });
			if (gathering.missing.size === 0) finish(id);
		}
	});
}

/** One that ends just now hears nothing. */
const tell = (worker: Worker, message: Message): void => void worker.send(message, () => {});

/**
 * Where the server runs: gives what every worker counts, `render` being how this one tells. A process without others
 * gives its own alone. Call it once per process.
 */
export function joinWorkerMetrics(render: () => Promise<string>): () => Promise<readonly WorkerText[]> {
	const alone = async (): Promise<readonly WorkerText[]> => [{ worker: null, text: await render() }];
	if (!cluster.isWorker) return alone;
	const waiting = new Map<string, (texts: readonly WorkerText[]) => void>();
	const say = (message: Message): void => void process.send?.(message, undefined, undefined, () => {});
	process.on("message", (message: unknown) => {
		if (!isMessage(message)) return;
		if (message.metrics === "wanted") render().then((text) => say({ metrics: "told", id: message.id, text }), console.error);
		if (message.metrics === "gathered") waiting.get(message.id)?.(message.texts);
	});
	return async () => {
		const id = randomUUID();
		let timer: NodeJS.Timeout | undefined;
		const gathered = new Promise<readonly WorkerText[] | null>((resolve) => {
			waiting.set(id, resolve);
			timer = setTimeout(resolve, MINDER_DEADLINE_MS, null);
		});
		say({ metrics: "asked", id });
		const texts = await gathered;
		clearTimeout(timer);
		waiting.delete(id);
		return texts ?? alone();
	};
}

/** One text out of several: each metric once, the lines of every worker below it, labelled. */
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

/** `name 1` and `name{a="b"} 1` get one label more. */
function labelled(line: string, worker: number): string {
	const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? "";
	const rest = line.slice(name.length);
	return `${name}{worker="${worker}"${rest.startsWith("{") ? `,${rest.slice(1)}` : `}${rest}`}`;
}
