/**
 * Runs the main function of a command-line program and ends the process with the exit code that it resolves to. If the function
 * rejects, prints the message of the error without its stack and exits with 1.
 */
export async function exitWith(command: () => Promise<number>): Promise<never> {
	try {
		process.exit(await command());
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	}
}
