/** Parses values that Redis replied into typed values. Each function throws when the value has another shape. */
import { type BookingId, parseBookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";

/** Returns the value as a string. */
export function readText(value: unknown): string {
	assert(typeof value === "string", "the reply from Redis is not text");
	return value;
}

/** Returns a number, or a decimal string, as an integer. */
export function readInteger(value: unknown): number {
	// Number("") is 0, and a missing field must not be read as seat 0.
	const number = typeof value === "string" && value !== "" ? Number(value) : value;
	assert(typeof number === "number" && Number.isSafeInteger(number), `the reply from Redis is not an integer: ${String(value)}`);
	return number;
}

/** Returns the value as a list. */
export function readList(value: unknown): readonly unknown[] {
	assert(Array.isArray(value), "the reply from Redis is not a list");
	return value;
}

/** Returns a flat list `field, value, field, value` as an object. */
export function readFields(value: unknown): Record<string, string> {
	const flat = readList(value);
	const fields: Record<string, string> = {};
	for (let i = 0; i < flat.length; i += 2) fields[readText(flat[i])] = readText(flat[i + 1]);
	return fields;
}

/** Returns the value as a booking id. */
export function readBookingId(value: unknown): BookingId {
	const id = parseBookingId(readText(value));
	assert(id !== null, `the reply from Redis is not a booking id: ${String(value)}`);
	return id;
}
