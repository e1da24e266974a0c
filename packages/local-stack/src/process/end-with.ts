/** The edge of a command: end the process with the exit code that `command` resolves to; 1 and the message, without a stack, when it throws. */
export async function endWith(command: () => Promise<number>): Promise<never> {
	try {
		process.exit(await command());
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	}
}
