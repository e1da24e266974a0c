import { expect, test } from "vitest";
import { limitConcurrency, QueueFull } from "./limit-concurrency.ts";

/** A task that adds its name to `started` when it starts, and runs until `finish` or `fail` is called. */
function gatedTask(name: string, started: string[]) {
	const gate = Promise.withResolvers<string>();
	const task = () => {
		started.push(name);
		return gate.promise;
	};
	return { task, finish: () => gate.resolve(name), fail: () => gate.reject(new Error(name)) };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("limitConcurrency runs no more tasks at once than allowed, and starts the others in order", async () => {
	const run = limitConcurrency({ runningMax: 2, waitingMax: 2 });
	const started: string[] = [];
	const a = gatedTask("a", started);
	const b = gatedTask("b", started);
	const c = gatedTask("c", started);
	const d = gatedTask("d", started);
	const results = [a, b, c, d].map((each) => run(each.task));
	await settled();
	expect(started).toEqual(["a", "b"]);
	b.finish();
	await settled();
	expect(started).toEqual(["a", "b", "c"]);
	a.finish();
	c.finish();
	d.finish();
	expect(await Promise.all(results)).toEqual(["a", "b", "c", "d"]);
});

test("limitConcurrency queues tasks up to the limit, and rejects the next task without starting it", async () => {
	const run = limitConcurrency({ runningMax: 1, waitingMax: 1 });
	const started: string[] = [];
	const a = gatedTask("a", started);
	const b = gatedTask("b", started);
	const c = gatedTask("c", started);
	const first = run(a.task);
	const second = run(b.task);
	await expect(run(c.task)).rejects.toBeInstanceOf(QueueFull);
	a.finish();
	b.finish();
	expect(await Promise.all([first, second])).toEqual(["a", "b"]);
	expect(started).toEqual(["a", "b"]);
});

test("limitConcurrency starts the next task after one that failed", async () => {
	const run = limitConcurrency({ runningMax: 1, waitingMax: 1 });
	const started: string[] = [];
	const a = gatedTask("a", started);
	const b = gatedTask("b", started);
	const first = run(a.task);
	const second = run(b.task);
	a.fail();
	b.finish();
	await expect(first).rejects.toThrow("a");
	expect(await second).toBe("b");
	expect(await run(async () => "again")).toBe("again");
});
