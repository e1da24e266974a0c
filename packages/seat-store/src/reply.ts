/** Reads what Redis replies into typed values. Whatever has another shape is a fault, never a guess. */
import { type BookingId, parseBookingId } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";

export function readText(value: unknown): string {
	assert(typeof value === "string", "Redis replied with text");
	return value;
}

export function readInteger(value: unknown): number {
	// Number("") is 0, and a field that is missing must not pass for seat 0.
	const number = typeof value === "string" && value !== "" ? Number(value) : value;
	assert(typeof number === "number" && Number.isSafeInteger(number), `Redis replied with an integer, not ${String(value)}`);
	return number;
}

export function readList(value: unknown): readonly unknown[] {
	assert(Array.isArray(value), "Redis replied with a list");
	return value;
}

/** A flat `field, value, field, value` list as an object. */
export function readFields(value: unknown): Record<string, string> {
	const flat = readList(value);
	const fields: Record<string, string> = {};
	for (let i = 0; i < flat.length; i += 2) fields[readText(flat[i])] = readText(flat[i + 1]);
	return fields;
}

export function readBookingId(value: unknown): BookingId {
	const id = parseBookingId(readText(value));
	assert(id !== null, `Redis replied with a booking id, not ${String(value)}`);
	return id;
}
