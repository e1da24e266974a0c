/** Where this checkout lies, and where things that may be deleted at any time are kept in it. */
import { fileURLToPath } from "node:url";

export const REPOSITORY_ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));
export const CACHE_FOLDER: string = fileURLToPath(new URL("../../../.cache/", import.meta.url));
