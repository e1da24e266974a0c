/**
 * Derives the ids of demo rows from their names, so that seeding again finds the rows of the first run. This alone makes the seed safe to
 * run twice. The ids are well-formed UUIDv7s of one fixed instant.
 */
import { createHash } from "node:crypto";
import {
	type AuditoriumId,
	LIMIT_SPECS,
	type MovieId,
	parseAuditoriumId,
	parseMovieId,
	parseSeatPlanId,
	parseShowtimeId,
	type SeatPlanId,
	type ShowtimeId,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";

const DEMO_EPOCH_MS = Date.UTC(2026, 0, 1);

/** Returns the id of the movie with this name. The same name always gives the same id, here and below. */
export const deriveMovieId = (name: string): MovieId => parsed(parseMovieId(uuidOf(`movie ${name}`)));
/** Returns the id of the auditorium with this name. */
export const deriveAuditoriumId = (name: string): AuditoriumId => parsed(parseAuditoriumId(uuidOf(`auditorium ${name}`)));
/** Returns the id of the seat plan with this name. */
export const deriveSeatPlanId = (name: string): SeatPlanId => parsed(parseSeatPlanId(uuidOf(`seat plan ${name}`)));
/** Returns the id of the showtime with this name. The name determines the bucket too. */
export const deriveShowtimeId = (name: string): ShowtimeId => parsed(parseShowtimeId(uuidOf(`showtime ${name}`)));

function uuidOf(name: string): string {
	const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
	bytes.writeUIntBE(DEMO_EPOCH_MS, 0, 6);
	bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f);
	bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
	// The last byte of a showtime's id is its bucket. It stays below the smallest BUCKETS, so that seeding with another BUCKETS finds the
	// same rows. For the other ids this byte has no meaning.
	bytes[15] = bytes.readUInt8(15) % LIMIT_SPECS.buckets.min;
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function parsed<Id>(id: Id | null): Id {
	assert(id !== null, "a derived demo id is malformed");
	return id;
}
