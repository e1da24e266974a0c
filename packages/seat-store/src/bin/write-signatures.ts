/** Writes scripts/signatures.ts from the contract headers of the scripts. */
import { writeFileSync } from "node:fs";
import { generateSignatures, SIGNATURES_FILE } from "../generate-signatures.ts";

writeFileSync(SIGNATURES_FILE, generateSignatures());
