/**
 * Ids of demo rows. Each follows from the name of what it is for, so that seeding again meets its own rows: that is
 * all that makes the seed safe to run twice. They are well-formed UUIDv7s of one fixed instant.
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

export const drawMovieId = (name: string): MovieId => parsed(parseMovieId(uuidOf(`movie ${name}`)));
export const drawAuditoriumId = (name: string): AuditoriumId => parsed(parseAuditoriumId(uuidOf(`auditorium ${name}`)));
export const drawSeatPlanId = (name: string): SeatPlanId => parsed(parseSeatPlanId(uuidOf(`seat plan ${name}`)));
/** Its bucket follows from the name too. */
export const drawShowtimeId = (name: string): ShowtimeId => parsed(parseShowtimeId(uuidOf(`showtime ${name}`)));

function uuidOf(name: string): string {
	const bytes = createHash("sha256").update(name).digest().subarray(0, 16);
	bytes.writeUIntBE(DEMO_EPOCH_MS, 0, 6);
	bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f);
	bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
	// A showtime's last byte is its bucket: one that every system has, so that seeding under other BUCKETS meets the same rows. What has no
	// bucket may have that byte as well.
	bytes[15] = bytes.readUInt8(15) % LIMIT_SPECS.buckets.min;
	const hex = bytes.toString("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function parsed<Id>(id: Id | null): Id {
	assert(id !== null, "a drawn id is well-formed");
	return id;
}
