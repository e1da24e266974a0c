/** What the statements of one batch need to know beside its entries. */
import type { SeatPlanId } from "@holdfast/domain";

export type RecordContext = { readonly bucket: number; readonly labelsByPlan: ReadonlyMap<SeatPlanId, readonly string[]> };
