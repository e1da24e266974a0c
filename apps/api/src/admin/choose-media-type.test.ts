import { expect, it } from "vitest";
import { prefersCsv } from "./choose-media-type.ts";

it.each([
	"text/csv",
	"Text/CSV; charset=utf-8",
	"text/csv;header=present;q=0.5",
	"text/*",
	"text/csv, */*",
	"text/csv, */*;q=0.1",
	"application/json;q=0.5, text/csv",
	"application/json;q=0, text/csv;q=0.1",
	"nonsense, text/csv",
])("a client that sends Accept: %s gets CSV", (accept) => {
	expect(prefersCsv(accept)).toBe(true);
});

it.each([
	undefined,
	"",
	"*/*",
	"application/json",
	"application/*, text/*;q=0.9",
	"application/json, text/csv",
	"text/csv;q=0.9, application/json",
	"text/csv;q=0",
	"text/csv;q=0, */*",
	"text/html,application/xhtml+xml,*/*;q=0.8",
	"text/csvx",
	"text/csv;q=2",
	"image/png",
])("a client that sends Accept: %s gets JSON", (accept) => {
	expect(prefersCsv(accept)).toBe(false);
});
