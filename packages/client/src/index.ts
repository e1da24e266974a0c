/** The typed client of the Holdfast API. Imports nothing of the server; runs in browsers and in Node. */
export { default as createFetchClient } from "openapi-fetch";
