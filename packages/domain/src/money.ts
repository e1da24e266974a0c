/** An amount of money: integer minor units (cents) of an ISO 4217 currency. Never a float. */
export type Money = { readonly amount: number; readonly currency: string };
