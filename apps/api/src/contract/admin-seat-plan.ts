/** The wire schemas of seat plans for staff. */
import { PLACES_PER_PLAN_MAX, ROWS_PER_PLAN_MAX, SEATS_PER_PLAN_MAX } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { nullable, version } from "./admin.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { SeatPlanObject } from "./seat-plan.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";

/** The forms in which a plan can be sent and read. */
export const PLAN_FORMATS = ["holdfast", "pretix"] as const;

/** A text of a request. Texts that are too long for a plan are listed with its other errors; a longer one than this is a malformed request. */
const TEXT_MAX_CHARS = 1_000;
/** Entries of a list of a request, as for texts. */
const ENTRIES_MAX = 2 * PLACES_PER_PLAN_MAX;
/** A coordinate of a request, as for texts. */
const COORDINATE_MAX = 1e9;

const anyText = (description: string, example: string) => Type.String({ maxLength: TEXT_MAX_CHARS, description, examples: [example] });
const anyNumber = (description: string, example: number) =>
	Type.Optional(Type.Number({ minimum: -COORDINATE_MAX, maximum: COORDINATE_MAX, description, examples: [example] }));

const Focus = nullable(
	Type.Object(
		{
			row: Type.Number({
				minimum: 0,
				maximum: ROWS_PER_PLAN_MAX,
				multipleOf: 0.5,
				description: "Row, counted from 0 at the front; halves are allowed",
				examples: [5.5],
			}),
			column: Type.Number({
				minimum: 0,
				maximum: PLACES_PER_PLAN_MAX,
				multipleOf: 0.5,
				description: "Place in the row, counted from 0 at the left, gaps included; halves are allowed",
				examples: [7.5],
			}),
		},
		{ ...CLOSED, description: "The point that the best seats are near to; null if there is none" },
	),
);

const SentSeat = nullable(
	Type.Object(
		{
			label: anyText("Label of the seat, unique in the plan", "E5"),
			tier: anyText("Id of one of the tiers", "standard"),
			kind: anyText("`standard`, `wheelchair` or `companion`", "standard"),
		},
		{ ...CLOSED, description: "A seat, or null for a gap such as an aisle" },
	),
);
const SentRow = Type.Object(
	{
		label: anyText("Name of the row", "E"),
		section: Type.Optional(anyText("Part of the room that the row belongs to", "Balcony")),
		x: anyNumber("Position of the first seat or gap of the row, in seat widths, to the right", 4.5),
		y: anyNumber("Position of the first seat or gap of the row, in seat widths, away from the stage", 12),
		angle: anyNumber("Direction of the row in degrees, clockwise as drawn", -15),
		seats: Type.Array(SentSeat, { maxItems: ENTRIES_MAX, description: "Seats and gaps from left to right" }),
	},
	CLOSED,
);

/** Schema of the request to add a plan. `readSeatPlan` checks what the schema cannot. */
export const NewSeatPlan = share(
	"NewSeatPlan",
	Type.Object(
		{
			format: Type.Optional(
				oneOf(
					PLAN_FORMATS,
					"`holdfast`, also if absent: the layout is in `tiers` and `rows`. `pretix`: a seating plan of pretix is in `plan`",
				),
			),
			tiers: Type.Optional(
				Type.Array(Type.Object({ id: anyText("Tier id", "standard"), name: anyText("Name of the tier", "Standard") }, CLOSED), {
					maxItems: ENTRIES_MAX,
					description: "Price classes of seats. Needed for the format `holdfast`, as is `rows`",
				}),
			),
			rows: Type.Optional(
				Type.Array(SentRow, { maxItems: ENTRIES_MAX, description: "Rows from front to back, as in `GET /api/v1/plans/{id}`" }),
			),
			plan: Type.Optional(
				Type.Object(
					{},
					{
						additionalProperties: true,
						description: "The file that the plan editor of pretix saves, unchanged. Needed for the format `pretix`, and only there",
					},
				),
			),
			kinds: Type.Optional(
				Type.Unsafe<Record<string, string>>({
					type: "object",
					additionalProperties: { type: "string", maxLength: TEXT_MAX_CHARS },
					description:
						"Only for the format `pretix`, which knows no kinds of seat: `standard`, `wheelchair` or `companion`, by name of a category " +
						"or by guid of a seat. A seat that is not named is a standard one",
					examples: [{ "Wheelchair places": "wheelchair" }],
				}),
			),
			focus: Type.Optional(Focus),
		},
		{
			...CLOSED,
			description: "A seat plan to add, as our own layout or as a seating plan of pretix",
			examples: [
				{
					tiers: [{ id: "standard", name: "Standard" }],
					rows: [
						{
							label: "A",
							seats: [
								{ label: "A1", tier: "standard", kind: "wheelchair" },
								{ label: "A2", tier: "standard", kind: "companion" },
								null,
								{ label: "A3", tier: "standard", kind: "standard" },
							],
						},
					],
				},
			],
		},
	),
);
/** The JSON of a request to add a plan. */
export type NewSeatPlanBody = Static<(typeof NewSeatPlan)["ref"]>;

/** Schema of the request to change a plan. */
export const SeatPlanChange = share(
	"SeatPlanChange",
	Type.Object(
		{
			focus: Type.Optional(Focus),
			isCurrent: Type.Optional(
				Type.Literal(true, {
					description:
						"Makes this the plan of showtimes that are scheduled later, instead of the current plan. A current plan is replaced by " +
						"another one, never just removed: `false` is refused",
				}),
			),
		},
		{ ...CLOSED, minProperties: 1, description: "The fields to change. Absent fields stay as they are. A layout never changes" },
	),
);

const { rows, tiers, seatCount } = SeatPlanObject.properties;
const AdminSeatPlanObject = Type.Object(
	{
		id: id("Seat plan id", EXAMPLE_IDS.plan),
		auditoriumId: id("Auditorium that the plan belongs to", EXAMPLE_IDS.auditorium),
		seatCount,
		tiers,
		focus: Focus,
		isCurrent: Type.Boolean({ description: "Whether showtimes that are scheduled later use this plan", examples: [true] }),
		version,
		createdAt: instant("When the plan was added", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "A seat plan as staff see it, without its rows" },
);
/** Schema of a plan without its rows. */
export const AdminSeatPlan = share("AdminSeatPlan", AdminSeatPlanObject);
/** The JSON of a plan without its rows. */
export type AdminSeatPlanBody = Static<typeof AdminSeatPlanObject>;
/** Schema of one page of plans. */
export const AdminSeatPlanPage = share("AdminSeatPlanPage", page(AdminSeatPlan.ref, EXAMPLE_CURSORS.plans));

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] });
const PretixImportObject = Type.Object(
	{
		name: text("Name of the plan in pretix", "Great hall"),
		tiers: Type.Array(
			Type.Object(
				{
					category: text("Name of the category", "Regular"),
					tier: text("Id of the tier that it became", "regular"),
					seats: count("Number of its seats", 100),
				},
				CLOSED,
			),
		),
		zones: Type.Array(
			Type.Object(
				{
					section: Type.Unsafe<string | null>({
						type: ["string", "null"],
						description: "Section that the zone became; null if it has no name",
					}),
					labelPrefix: Type.Unsafe<string | null>({ type: ["string", "null"], description: "What the labels of all its seats begin with" }),
					seats: count("Number of its seats", 100),
				},
				CLOSED,
			),
		),
		rows: count("Number of rows", 10),
		seats: count("Number of seats", 100),
		gaps: count("Number of gaps between seats", 10),
		kinds: Type.Object(
			{ standard: count("Standard seats", 98), wheelchair: count("Wheelchair places", 1), companion: count("Companions' seats", 1) },
			CLOSED,
		),
		renumberedRows: Type.Array(Type.String(), {
			description: "Labels of rows whose seats are named by the number of the row, because their names were too long or not unique",
		}),
		ignored: Type.Object(
			{ areas: count("Areas, such as a stage", 1), emptyRows: count("Rows without seats", 0) },
			{ ...CLOSED, description: "What was left out" },
		),
	},
	{ ...CLOSED, description: "What became of the parts of a pretix plan" },
);

/** Schema of the answer of a dry run. */
export const SeatPlanDraft = share(
	"SeatPlanDraft",
	Type.Object(
		{
			seatCount,
			tiers,
			rows,
			focus: Focus,
			import: Type.Unsafe<Static<typeof PretixImportObject> | null>({
				anyOf: [PretixImportObject, { type: "null" }],
				description: "What became of the parts of a pretix plan; null for another format",
			}),
		},
		{ ...CLOSED, description: `A valid plan that was not stored: at most ${SEATS_PER_PLAN_MAX.toLocaleString("en-US")} seats` },
	),
);

const AdminSeatPlanDetailsObject = Type.Object(
	{ ...AdminSeatPlanObject.properties, rows },
	{ ...CLOSED, description: "A seat plan as staff see it, with its rows" },
);
const PretixPlanObject = Type.Object(
	{
		format: oneOf(["pretix"], "The format that `format` of the query asks for"),
		plan: Type.Object({}, { additionalProperties: true, description: "The plan, as the plan editor of pretix reads it" }),
		kinds: Type.Unsafe<Record<string, string>>({
			type: "object",
			additionalProperties: { type: "string" },
			description: "The kinds of the seats that are no standard seats, by guid, which is the label: pretix knows no kinds",
			examples: [{ A1: "wheelchair" }],
		}),
	},
	{ ...CLOSED, description: "With `format=pretix`: the body of a request that adds the same plan" },
);
/** Schema of a plan with its rows, in one of `PLAN_FORMATS`. */
export const AdminSeatPlanDetails = share(
	"AdminSeatPlanDetails",
	Type.Unsafe<Static<typeof AdminSeatPlanDetailsObject> | Static<typeof PretixPlanObject>>({
		anyOf: [AdminSeatPlanDetailsObject, PretixPlanObject],
	}),
);
